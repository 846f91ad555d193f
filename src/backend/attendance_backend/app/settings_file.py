"""The file of settings that the functions are deployed with: lines ``NAME: value``, a flat piece of YAML."""

import re
from pathlib import Path

from attendance_backend.errors import SettingsError

_LINE = re.compile(r"""([A-Z][A-Z0-9_]*)\s*:\s*(?:"([^"\\]*)"|'([^']*)'|([^"'#\s][^#]*?))?\s*(?:#.*)?""")


def read_settings_file(path: Path) -> dict[str, str]:
    """Settings by name; raises SettingsError that names the file, and the line where there is one at fault."""
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
