"""Where the settings stand: in environment variables, and in the file that --settings names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from attendance_backend.errors import SettingsError

_LINE = re.compile(r"""([A-Z][A-Z0-9_]*)\s*:\s*(?:"([^"\\]*)"|'([^']*)'|([^"'#\s][^#]*?))?\s*(?:#.*)?""")


@dataclass(frozen=True)
class Variables:
    """Settings as somebody wrote them, by name.

    Attributes:
        environment: of the process. What is in it counts, even an empty text, and hides what the file says.
        file: which was read besides; None for none.
        hint: added to what is said of a missing setting.
    """

    environment: Mapping[str, str]
    file: Path | None = None
    in_file: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""

    def text(self, name: str) -> str | None:
        """The value, without blanks around it; None for an empty one."""
        value = self.environment[name] if name in self.environment else self.in_file.get(name, "")
        return value.strip() or None

    def required(self, name: str, meaning: str) -> str:
        """As `text`; raises SettingsError where there is none."""
        value = self.text(name)
        if value is None:
            raise self.missing(name, meaning)
        return value

    def without(self, name: str) -> "Variables":
        """The same, but for one setting."""
        return replace(self, environment={**self.environment, name: ""})

    def missing(self, name: str, meaning: str) -> SettingsError:
        """The error for a setting that is missing; `meaning` says what it must hold."""
        if self.file is None:
            told = f"the environment variable {name} is not set"
        elif name in self.environment and self.in_file.get(name):
            told = f"the environment variable {name} is empty, and hides what {self.file} says"
        else:
            told = f"{name} is set neither in {self.file} nor in the environment"
        return SettingsError(f"{told}: it must hold {meaning}{self.hint}")

    def malformed(self, name: str, value: str, expected: str) -> SettingsError:
        in_file = self.file is not None and name not in self.environment
        where = f"{name} in {self.file}" if in_file else f"the environment variable {name}"
        return SettingsError(f"{where} holds {value!r}: it must hold {expected}")


def read_settings_file(path: Path) -> dict[str, str]:
    """Settings by name, of lines ``NAME: value``; raises SettingsError that names the file, and the line at fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows' editors put a mark in front
    except OSError as error:
        raise SettingsError(
            f"the settings file {path} cannot be read ({error.strerror}): name the right one with --settings"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"the settings file {path} is no UTF-8 text: save it as UTF-8") from error
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#") or line.strip() == "---":
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise SettingsError(
                f'{path}, line {number}: expected NAME: "value", as gcloud functions deploy takes it'
            )
        found[match[1]] = next((value for value in match.groups()[1:] if value is not None), "")
    return found
