"""`attendance-backend site-key`: the key with which a site signs its messages, and the next one."""

from dataclasses import dataclass
from datetime import timedelta

from attendance_backend.control import registered_sites
from attendance_backend.control.registered_sites import Column, Registered
from attendance_backend.domain import people
from attendance_backend.errors import UserError
from attendance_backend.handlers import routing
from attendance_backend.ports import Backend
from attendance_contracts import ContractError, SiteKey


@dataclass(frozen=True, slots=True)
class Printed:
    """A key's line, and what its reader should know."""

    key: SiteKey
    notes: tuple[str, ...]


def site_key(backend: Backend, secret: bytes, site: str, overlap_days: int | None) -> Printed:
    """The key in force; with `overlap_days` the next one, which is in force from now on.

    Raises:
        UserError: there can be no such site, or its row has to be fixed.
    """
    table = routing.read(backend, anew=True)
    known = table.sites.get(people.site_key(site))
    number = 1 if known is None else known.key_number
    if number is None:
        raise UserError(
            f"worksheet {registered_sites.TITLE!r}: the Key of {site} is no number: type the number of its last key"
        )
    try:
        if overlap_days is None:
            return Printed(SiteKey.derived(secret, site, number), _notes(site, known))
        key = SiteKey.derived(secret, site, number + 1)
    except ContractError as error:
        raise UserError(str(error)) from error
    worksheet = table.book.find(registered_sites.TITLE)
    if known is None or worksheet is None:
        raise UserError(
            f"{site} is not registered yet, and so has signed nothing: its first key will do, or is the name mistyped?"
        )
    until = backend.clock.now().date() + timedelta(days=overlap_days)
    values = {Column.KEY: key.number, Column.KEY_BEFORE_UNTIL: until if overlap_days else None}
    backend.spreadsheets.apply(backend.control_id, registered_sites.note(worksheet, {site: values}))
    before = f"is taken until {until}" if overlap_days else "is taken no more, within a minute"
    return Printed(
        key, (f"the key {number} of {site} {before}", "put this line into site.key on its Pi, and restart")
    )


def unsigned(table: routing.Table) -> str:
    """What to say of sites that sign nothing yet; empty where all do."""
    unsigned = sorted(key for key, known in table.sites.items() if known.signed_since is None)
    if not unsigned:
        return ""
    return (
        f"of {len(unsigned)} of {len(table.sites)} sites messages are taken unsigned, and whoever may publish for one "
        f"site may write as these: {', '.join(unsigned)}. attendance-backend site-key gives a site its key"
    )


def _notes(site: str, known: Registered | None) -> tuple[str, ...]:
    if known is None:
        return (f"{site} is not registered yet: this is its first key",)
    if known.signed_since is None:
        return (f"{site} has not signed a message yet; from its first one on unsigned ones are refused",)
    return (f"{site} has signed its messages since {known.signed_since:%Y-%m-%d}",)
