"""biometric_device_config.json: which site this is, and where its attendance machine stands.

The three keys of the original format (`identifier`, `ip`, `port`) are enough to run; the others are optional.
"""

import difflib
import ipaddress
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from attendance_client.errors import ConfigError, no_permission
from attendance_client.fsm.client import HEALTH_INTERVAL_S, KEEP_PUNCHES_DAYS, Site
from attendance_client.fsm.generated import DEEP_SLEEP_S, POLLING_INTERVAL_S
from attendance_client.machine.port import MachineAddress
from attendance_contracts import ContractError, validate_location

FILE_NAME = "biometric_device_config.json"
ENCODING = "utf-8-sig"
"""UTF-8, with or without the mark that Windows' editors put in front."""
LONGEST_NAME = 40
"""Characters of a machine's name: it stands in each row of raw data."""
MOST_MACHINES = 20
"""Of a site: each is read at each poll, one after the other."""
LONGEST_HOST = 253
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
LEAST = 'The least it needs: {"identifier": "<site>", "ip": "<address of the machine>", "port": 4370}'


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file.

    Attributes:
        machine: that of `ip`.
        more_machines: those of `machines`.
        own_process_for_machine: whether the service talks to each from a process of its own, which alone holds pyzk.
        project_id: None where the environment or the credentials are to name it.
        site_key_file: None for the usual places.
    """

    site: Site
    machine: MachineAddress
    project_id: str | None = None
    site_key_file: str | None = None
    more_machines: tuple[MachineAddress, ...] = ()
    own_process_for_machine: bool = False

    @property
    def machines(self) -> tuple[MachineAddress, ...]:
        """All of the site's, as the client reads them."""
        return self.machine, *self.more_machines


def load_config(directory: Path) -> Config:
    """Read the file in `directory`.

    Raises:
        ConfigError: names the file, the key and what is expected.
    """
    path = directory / FILE_NAME
    try:
        text = path.read_text(encoding=ENCODING)
        if not text.strip():
            raise ConfigError(f"{path} is empty. {LEAST}")
        document = json.loads(text)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path.absolute()} does not exist: attendance-client init writes it, or name its folder with --directory. "
            f"{LEAST}"
        ) from error
    except PermissionError as error:
        raise ConfigError(no_permission(path)) from error
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path}: line {error.lineno}, column {error.colno} is no valid JSON ({error.msg}); is a placeholder such "
            "as <port>, a quote or a comma in the way?"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror or error}); name the folder of this file with --directory"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected an object with the keys identifier, ip and port")
    try:
        return parse_config(document)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_config(document: Mapping[str, Any]) -> Config:
    """The config in a parsed document.

    Raises:
        ConfigError: names each key that is wrong, numbered where there are several, in one line.
    """
    faults: list[str] = []
    values = _parsed(document, _KEYS, faults)
    more = _more_machines(values, faults) if not faults else []
    if faults:
        raise ConfigError(_in_one_line(faults))
    return Config(
        Site(
            location=values["identifier"],
            time_zone=values["time_zone"] or system_time_zone(),
            day_boundary=values["day_boundary"],
            polling_interval_s=values["polling_interval_minutes"] * 60,
            deep_sleep_s=values["deep_sleep_minutes"] * 60,
            health_interval_s=values["health_interval_minutes"] * 60,
            daily_warning_days=values["daily_warning_days"],
            clear_machine=values["clear_machine"],
            set_machine_clock=values["set_machine_clock"],
            keep_punches_days=values["keep_punches_days"],
        ),
        _address(values),
        values["project_id"],
        values["site_key_file"],
        tuple(_address(each) for each in more),
        values["own_process_for_machine"],
    )


def _parsed(
    document: Mapping[str, Any], keys: Mapping[str, "_Key"], faults: list[str], where: str = ""
) -> dict[str, Any]:
    """The values by key; adds what is wrong to `faults`, which begin with `where`."""
    values: dict[str, Any] = {}
    meant = set()
    for key in document:
        if key in keys:
            continue
        near = difflib.get_close_matches(key, keys, n=1)
        meant.update(near)
        hint = f"; did you mean {near[0]!r}?" if near else f". Known keys: {', '.join(keys)}"
        faults.append(f"{where}unknown key {key!r}{hint}")
    for key, (parse, default) in keys.items():
        try:
            if key in document:
                values[key] = parse(_filled_in(document[key]))
            elif default is not _REQUIRED:
                values[key] = default
            elif key not in meant:
                faults.append(f"{where}the key {key!r} is missing")
        except (ValueError, TypeError, LookupError) as error:
            faults.append(f"{where}{key!r}: {error}")
    return values


def _address(values: Mapping[str, Any]) -> MachineAddress:
    return MachineAddress(
        host=values["ip"],
        port=values["port"],
        comm_key=values["comm_key"],
        timeout_s=values["timeout_seconds"],
        name_encoding=values["name_encoding"],
        udp=values["udp"],
        name=values["name"] if "name" in values else values["machine_name"],
    )


def _more_machines(first: Mapping[str, Any], faults: list[str]) -> Sequence[Mapping[str, Any]]:
    """The values of each of `machines`; what it leaves out is as for the first one."""
    keys = {
        "name": (_name, _REQUIRED),
        "ip": (_host, _REQUIRED),
        **{key: (_KEYS[key][0], first[key]) for key in _OF_EACH_MACHINE},
    }
    found = [
        _parsed(each, keys, faults, f"'machines', number {number}: ")
        for number, each in enumerate(first["machines"], start=1)
    ]
    if not faults:
        machines = [_address(values) for values in (first, *found)]
        addresses = Counter(f"{machine.host}:{machine.port}" for machine in machines)
        names = Counter(machine.name.casefold() for machine in machines)
        faults += [
            f"'machines': {text} is that of {count} machines"
            for text, count in (*addresses.items(), *names.items())
            if count > 1
        ]
    return found


def parse_key(key: str, value: object) -> object:
    """One value of the file; raises ConfigError."""
    parse, _ = _KEYS[key]
    try:
        return parse(_filled_in(value))
    except (ValueError, TypeError, LookupError) as error:
        raise ConfigError(f"{key!r}: {error}") from error


def system_time_zone(localtime: Path = Path("/etc/localtime")) -> str:
    """The IANA name of the computer's own time zone; "UTC" where it does not tell."""
    _, found, name = str(localtime.resolve()).partition("/zoneinfo/")
    return name if found else "UTC"


def _in_one_line(faults: Sequence[str]) -> str:
    if len(faults) == 1:
        return faults[0]
    return f"{len(faults)} faults: " + "; ".join(f"({n}) {fault}" for n, fault in enumerate(faults, start=1))


def _filled_in(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"<.*>", value):
        raise ValueError(f"still holds the template's placeholder {value}; put the site's own value there")
    return value


def _location(value: object) -> str:
    try:
        return validate_location(_text(value))
    except ContractError as error:
        raise ValueError(error) from error


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"expected a text, not {value!r}")
    return value.strip()


def _name(value: object) -> str:
    name = _text(value)
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"expected a name of at most {LONGEST_NAME} characters in one line, not {name!r}")
    return name


def _objects(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(
            'expected a list of objects, such as [{"name": "back door", "ip": "192.0.2.18"}], '
            f"not {_shown(value)}"
        )
    if len(value) >= MOST_MACHINES:
        raise ValueError(f"expected at most {MOST_MACHINES - 1} machines, not {len(value)}")
    return value


def _host(value: object) -> str:
    host = _text(value)
    if re.fullmatch(r"[0-9.]+", host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError as error:
            raise ValueError(f"{host!r} is no IPv4 address, such as 192.0.2.17") from error
    elif len(host) > LONGEST_HOST or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", host):
        raise ValueError(f"{host!r} is neither an IPv4 address nor a host name")
    return host


def _time_zone(value: object) -> str:
    name = _text(value)
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Berlin") from error
    return name


def _day_boundary(value: object) -> time:
    text = _text(value)
    if not re.fullmatch(r"\d\d:\d\d", text):
        raise ValueError(f"expected a time such as 04:00, not {text!r}")
    return time.fromisoformat(text)


def _encoding(value: object) -> str:
    name = _text(value)
    "a".encode(name)
    return name


def _shown(value: object) -> str:
    """A value that is refused, and the way out where it is a number, true or false that was written as a text."""
    if isinstance(value, str) and re.fullmatch(r"\s*(-?\d+(\.\d+)?|true|false)\s*", value):
        return f"{value!r}; write it without quotation marks"
    return repr(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, not {_shown(value)}")  # noqa: TRY004 - told like all other values
    return value


def _integer(least: int, most: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"expected a whole number from {least} to {most}, not {_shown(value)}")
        return value

    return parse


def _number(least: float, most: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"expected a number from {least:g} to {most:g}, not {_shown(value)}")
        return float(value)

    return parse


_REQUIRED = object()

_Key = tuple[Callable[[object], Any], object]
"""How a value is read, and what it is where it is left out."""
_OF_EACH_MACHINE = ("port", "comm_key", "timeout_seconds", "name_encoding", "udp")
_KEYS: dict[str, _Key] = {
    "identifier": (_location, _REQUIRED),
    "ip": (_host, _REQUIRED),
    "port": (_integer(1, 65535), _REQUIRED),
    "comm_key": (_integer(0, 2**32 - 1), 0),
    "timeout_seconds": (_number(1, 120), 10.0),
    "name_encoding": (_encoding, "utf-8"),
    "time_zone": (_time_zone, None),
    "day_boundary": (_day_boundary, time(0)),
    "polling_interval_minutes": (_number(0.1, 1440), POLLING_INTERVAL_S / 60),
    "deep_sleep_minutes": (_number(1, 1440), DEEP_SLEEP_S / 60),
    "health_interval_minutes": (_number(1, 1440), HEALTH_INTERVAL_S / 60),
    "daily_warning_days": (_integer(0, 31), 3),
    "clear_machine": (_boolean, False),
    "set_machine_clock": (_boolean, False),
    "keep_punches_days": (_integer(0, 36_500), KEEP_PUNCHES_DAYS),
    "udp": (_boolean, False),
    "machine_name": (_name, ""),
    "machines": (_objects, ()),
    "own_process_for_machine": (_boolean, False),
    "project_id": (_text, None),
    "site_key_file": (_text, None),
}
