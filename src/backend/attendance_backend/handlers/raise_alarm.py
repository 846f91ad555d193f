"""RaiseFinalAlarm: tell the people who keep the review periods, once, that the next one is missing."""

import logging
from collections.abc import Sequence
from email.message import EmailMessage

from attendance_backend.control.alarms import Alarm, AlarmLog, Notice, State
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
        MailRefusedError: the mail server did not take it; the next delivery tries again, and after that `watch`.
    """
    period, published = routing.period_for(message, backend)
    if period is not None:
        log.info("%s: no alarm needed, the next review period is published", message.location)
        return
    message = bounds.of_alarm(message, published, backend.clock.now())
    alarm = Alarm(message.kind, message.after, message.on, message.location)
    recipients = recipients_of(backend)
    mail = alarm_mail.compose(
        alarm,
        at=backend.clock.now(),
        site=message.location,
        sender=backend.mail_from,
        recipients=recipients,
        control_id=backend.control_id,
        problems=published.problems,
    )
    send_once(alarm, mail, AlarmLog(backend.spreadsheets, backend.control_id), backend)


def recipients_of(backend: Backend) -> Sequence[str]:
    """Whom alarms go to: as HR typed it, else as the functions are deployed."""
    return read_rules(backend.spreadsheets, backend.control_id).alarm_to or backend.alarm_to


def send_once(alarm: Alarm | Notice, mail: EmailMessage, alarm_log: AlarmLog, backend: Backend) -> None:
    """Write down that people are told, and tell them, unless they were.

    Raises:
        MailRefusedError: the mail server did not take it; whoever comes next may try again.
    """
    site = alarm.site if isinstance(alarm, Alarm) else ""
    recipients = str(mail["To"])
    state = alarm_log.state(alarm)
    if state is State.SENDING:
        alarm_log.write(alarm, State.UNCONFIRMED, site, recipients)
        log.warning("%s: an earlier attempt died while sending; not sent again", alarm.identity)
        return
    if state in (State.SENT, State.UNCONFIRMED):
        log.info("%s: raised already", alarm.identity)
        return
    alarm_log.write(alarm, State.SENDING, site, recipients)
    outcome = State.SENT
    try:
        backend.mailer.send(mail)
    except MailRefusedError:
        alarm_log.write(alarm, State.FAILED, site, recipients)
        raise
    except MailUnconfirmedError as error:
        outcome = State.UNCONFIRMED
        log.warning("%s: %s; not sent again", alarm.identity, error)
    alarm_log.write(alarm, outcome, site, recipients)
    log.info("%s: %s to %d addresses", alarm.identity, outcome, len(recipients.split(",")))
