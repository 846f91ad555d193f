"""Whether a message is its site's own, and when a site was heard of: what comes before and after each handler.

Where the backend has no secret, nothing is signed, and every message is taken as in release 0.1.0. Where it has one, a
site's unsigned messages are taken until it has signed one; what says so lies in ``Registered Sites``, as functions end
and begin at any time.

A message of punches or for a period may come again and again: it changes nothing the second time. Of a site's health
only what is newer than all before is taken in. What was signed while a clock was days ahead is counted by itself, and
keeps nothing out that comes later: a new card, or a clock that is put right, is heard at once.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from attendance_backend.control import registered_sites
from attendance_backend.control.registered_sites import Column, Registered
from attendance_backend.domain.people import site_key
from attendance_backend.errors import BackendError, LayoutError, NotAdmittedError, OvertakenError, UserError
from attendance_backend.handlers import books, bounds, routing
from attendance_backend.ports import Backend
from attendance_backend.review.book import sites_of
from attendance_contracts import (
    SEQUENCES_AHEAD,
    ContractError,
    Message,
    Signed,
    SiteHealth,
    SiteKey,
    Watch,
    sequence_at,
)

log = logging.getLogger(__name__)

HEARD_FOR = timedelta(minutes=30)
"""So old may Last Heard be: each time costs a write, and Google allows 60 a minute to all sites together."""


LOOKED_UP_FOR = timedelta(minutes=5)
NEWEST = 3
_AT_WORK = "sites at work"
NOTED_WITHIN = timedelta(minutes=1)
_TO_BE_NOTED = "messages to be noted"


class Admitted(NamedTuple):
    """A message that may be handled, and what signs it; None for one that need not be signed."""

    message: Message
    signed: Signed | None

    @property
    def numbered(self) -> Signed | None:
        """What signs a message that may come only once."""
        return self.signed if isinstance(self.message, SiteHealth) else None


def admit(message: Message, data: bytes, attributes: Mapping[str, str], backend: Backend) -> Signed | None:
    """Let a message pass that is its site's own; returns what signs it, None for one that need not be signed.

    Raises:
        NotAdmittedError: it is not, or nobody can know.
        OvertakenError: it tells of a site's health, and is not newer than what is known.
        Others as `routing.read`.
    """
    bounds.check_records(message)
    if not backend.signing_secret or isinstance(message, Watch):
        return None
    try:
        signed = Signed.of(attributes)
    except ContractError as error:
        raise NotAdmittedError(str(error)) from error
    table = routing.read(backend)
    known = table.sites.get(site_key(message.location))
    if signed is None:
        if known is not None and known.signed_since is not None:
            raise NotAdmittedError(
                f"it is not signed, and {message.location} has signed its messages since {known.signed_since:%Y-%m-%d}"
            )
        if known is None and site_key(message.location) not in _at_work(table, backend):
            raise NotAdmittedError(
                f"it is not signed, and nobody knows the site {message.location}: give it a key (attendance-backend "
                "site-key)"
            )
        return None
    known = _check(message, signed, data, attributes, backend)
    if isinstance(message, SiteHealth):
        is_ahead = _is_ahead(signed, backend.clock.now())
        if not known.numbers.lets_pass(signed.key_number, signed.sequence, is_ahead=is_ahead):
            raise OvertakenError(f"number {signed.sequence} was taken in already, or a later one")
        if is_ahead:
            log.warning(
                "%s: the clock of its computer is ahead: number %s is not counted as its newest",
                message.location,
                signed.sequence,
            )
    return signed


def _is_ahead(signed: Signed, now: datetime) -> bool:
    return signed.sequence > sequence_at(now + SEQUENCES_AHEAD)


def _at_work(table: routing.Table, backend: Backend) -> frozenset[str]:
    """The sites with a place in the newest workbooks: a site of release 0.1.0 registers itself with its next punch.

    Looked up once in a while only: whoever invents sites must not use up what Google allows us to read.
    """
    now = backend.clock.now()
    kept: tuple[datetime, frozenset[str]] | None = backend.remembered.get(_AT_WORK)
    if kept is not None and abs(now - kept[0]) < LOOKED_UP_FOR:
        return kept[1]
    found: set[str] = set()
    for period in [each for each in table.periods if table.books_of(each)][-NEWEST:]:
        for sheet_id in table.books_of(period):
            try:
                found |= set(map(site_key, sites_of(books.present(backend.spreadsheets, sheet_id))))
            except UserError as error:
                log.warning("it is not known which sites were at work in %s: %s", period.name, error)
    backend.remembered[_AT_WORK] = now, frozenset(found)
    return frozenset(found)


def _check(
    message: Message, signed: Signed, data: bytes, attributes: Mapping[str, str], backend: Backend
) -> Registered:
    """The site, if a key of it that is in force signed the message."""
    site = message.location
    known = routing.read(backend).sites.get(site_key(site)) or Registered()
    if known.key_number is None:
        raise LayoutError(
            f"worksheet {registered_sites.TITLE!r}: the Key of {site} is no number; its messages wait until it is"
        )
    key = SiteKey.derived(backend.signing_secret, site, signed.key_number)
    if not signed.is_by(key, message.topic, data, attributes):
        raise NotAdmittedError(f"its signature is not by the key {signed.key_number} of {site}")
    if not known.takes_key(signed.key_number, backend.clock.now().date()):
        raise NotAdmittedError(
            f"the key {signed.key_number} of {site} signed it, which has ended; {known.key_number} is in force"
        )
    return known


def note(heard: Sequence[Admitted], backend: Backend, *, more_follow: bool = False) -> None:
    """Write down that sites were heard of, and what they signed, where that is news. Nothing of it is raised.

    Where more messages are served right afterwards (`more_follow`) this may wait for them, for a minute; what may come
    only once does not wait.
    """
    now = backend.clock.now()
    since, waiting = backend.remembered.pop(_TO_BE_NOTED, (now, ()))
    heard = [*waiting, *heard]
    if more_follow and abs(now - since) < NOTED_WITHIN and not any(each.numbered for each in heard):
        backend.remembered[_TO_BE_NOTED] = since, heard
        return
    news = [
        (each, mark)
        for each in heard
        if not isinstance(each.message, Watch)
        for mark in [f"heard of {site_key(each.message.location)}, signed: {each.signed is not None}"]
        if each.numbered is not None
        or abs(now - backend.remembered.get(mark, datetime.min.replace(tzinfo=UTC))) >= HEARD_FOR
    ]
    try:
        _write([each for each, _ in news], now, backend)
    except BackendError as error:
        sites = ", ".join(sorted({each.message.location for each, _ in news}))
        log.warning(
            "%s: it is not noted in %r when it was heard of: %s", sites, registered_sites.TITLE, error
        )
    else:
        backend.remembered.update({mark: now for _, mark in news})


def _write(news: Sequence[Admitted], now: datetime, backend: Backend) -> None:
    """One read and one write for all of them."""
    if not news:
        return
    # As it is now: rows may have moved.
    table = routing.read(backend, anew=True)
    found: dict[str, dict[Column, int | date | str | None]] = {}
    newest: dict[str, registered_sites.Numbers] = {}
    for message, signed in news:
        site = site_key(message.location)
        known = table.sites.get(site)
        if known is None:
            continue
        values = found.setdefault(site, {})
        numbers = newest.get(site, known.numbers)
        number = None if signed is None else (signed.key_number, signed.sequence)
        is_ahead = signed is not None and _is_ahead(signed, now)
        is_news = number is None or known.numbers.lets_pass(*number, is_ahead=is_ahead)
        if is_news and (known.last_heard is None or abs(now - known.last_heard) >= HEARD_FOR):
            values[Column.LAST_HEARD] = now
        if isinstance(message, SiteHealth) and is_news and message.release != known.release:
            values[Column.RELEASE] = message.release
        if number is not None and known.signed_since is None:
            values[Column.SIGNED_SINCE] = now
        if (
            number is not None
            and isinstance(message, SiteHealth)
            and numbers.lets_pass(*number, is_ahead=is_ahead)
        ):
            newest[site] = numbers.with_taken_in(*number, is_ahead=is_ahead)
            values[Column.SEQUENCE] = str(newest[site])
    found = {site: values for site, values in found.items() if values}
    worksheet = table.book.find(registered_sites.TITLE)
    if not found or worksheet is None:
        return
    backend.spreadsheets.apply(backend.control_id, registered_sites.note(worksheet, found))
    if any(values.keys() - {Column.LAST_HEARD} for values in found.values()):
        # When a site was heard of is nothing that its messages are judged by.
        routing.forget(backend)
