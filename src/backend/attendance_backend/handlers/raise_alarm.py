"""RaiseFinalAlarm: tell the people who keep the review periods, once, that the next one is missing."""

import logging

from attendance_backend.control.alarms import Alarm, AlarmLog, State
from attendance_backend.control.reading import read_rules
from attendance_backend.errors import MailRefusedError, MailUnconfirmedError
from attendance_backend.handlers import bounds, routing
from attendance_backend.notify import alarm_mail
from attendance_backend.ports import Backend
from attendance_contracts import RaiseFinalAlarm

log = logging.getLogger(__name__)


def raise_final_alarm(message: RaiseFinalAlarm, backend: Backend) -> None:
    """Raise the alarm unless it was raised already or the period has been published meanwhile.

    Raises:
        MailRefusedError: the mail server did not take it; the next delivery tries again.
    """
    period, published = routing.period_for(message, backend)
    if period is not None:
        log.info("%s: no alarm needed, the next review period is published", message.location)
        return
    message = bounds.of_alarm(message, published, backend.clock.now())
    alarm = Alarm(message.kind, message.after, message.on)
    alarm_log = AlarmLog(backend.spreadsheets, backend.control_id)
    state = alarm_log.state(alarm)
    alarm_to = read_rules(backend.spreadsheets, backend.control_id).alarm_to or backend.alarm_to
    recipients = ", ".join(alarm_to)
    if state is State.SENDING:
        alarm_log.write(alarm, State.UNCONFIRMED, message.location, recipients)
        log.warning("%s: an earlier attempt died while sending; not sent again", alarm.identity)
        return
    if state in (State.SENT, State.UNCONFIRMED):
        log.info("%s: raised already", alarm.identity)
        return
    mail = alarm_mail.compose(
        alarm,
        at=backend.clock.now(),
        site=message.location,
        sender=backend.mail_from,
        recipients=alarm_to,
        control_id=backend.control_id,
        problems=published.problems,
    )
    alarm_log.write(alarm, State.SENDING, message.location, recipients)
    outcome = State.SENT
    try:
        backend.mailer.send(mail)
    except MailRefusedError:
        alarm_log.write(alarm, State.FAILED, message.location, recipients)
        raise
    except MailUnconfirmedError as error:
        outcome = State.UNCONFIRMED
        log.warning("%s: %s; not sent again", alarm.identity, error)
    alarm_log.write(alarm, outcome, message.location, recipients)
    log.info("%s: %s to %s", alarm.identity, outcome, recipients)
