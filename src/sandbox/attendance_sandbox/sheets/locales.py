"""What the stand-in knows of a spreadsheet's locale: how dates are written and which decimal mark is used.

Only the habits that matter for what people type into a time sheet. Month names are always English.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Locale:
    day_first: bool
    decimal_comma: bool
    date_pattern: str
    time_pattern: str
    currency: str

    @property
    def date_time_pattern(self) -> str:
        return f"{self.date_pattern} {self.time_pattern.removesuffix(' am/pm')}"


_EN_US = Locale(False, False, "m/d/yyyy", "h:mm:ss am/pm", "$")
_EN_GB = Locale(True, False, "dd/mm/yyyy", "hh:mm:ss", "£")
_CONTINENT = Locale(True, True, "dd.mm.yyyy", "hh:mm:ss", "€")
_LOCALES = {
    "en_US": _EN_US,
    "en_CA": _EN_US,
    "en_GB": _EN_GB,
    "en_IE": _EN_GB,
    "en_AU": _EN_GB,
    "en_IN": Locale(True, False, "dd/mm/yyyy", "hh:mm:ss", "₹"),
    "de_DE": _CONTINENT,
    "de_AT": _CONTINENT,
    "fr_FR": Locale(True, True, "dd/mm/yyyy", "hh:mm:ss", "€"),
    "es_ES": Locale(True, True, "dd/mm/yyyy", "h:mm:ss", "€"),
    "it_IT": Locale(True, True, "dd/mm/yyyy", "h.mm.ss", "€"),
}


def locale_for(name: str) -> Locale:
    """The locale called `name`, such as ``en_GB``; one that is not known is taken for ``en_US``."""
    return _LOCALES.get(name, _EN_US)
