"""``Sites``: how each site is, and by which rules its punches count. One row a site."""

from enum import StrEnum

(
    SITE,
    STATE,
    LAST_HEARD,
    COMPLETE_THROUGH,
    BACKLOG,
    CLOCK_OFFSET,
    RECORDS,
    CAPACITY,
    MEMORY_USED,
    USERS,
    SERIAL_NUMBER,
    FIRMWARE,
    SOFTWARE,
    PROBLEM,
    TIME_ZONE,
    DAY_BOUNDARY,
    KEY_POLICY,
    DOUBLE_TAP,
    CLOCK_CHANGE_AT,
    CLOCK_CHANGE_BY,
    CLOCK_TOLD_ON,
    MEMORY_TOLD_ON,
) = range(22)
HEADERS = (
    "Site",
    "State",
    "Last Heard",
    "Complete Through",
    "Backlog",
    "Machine Clock (s)",
    "Records",
    "Capacity",
    "Memory Used",
    "Users",
    "Serial Number",
    "Firmware",
    "Software",
    "Problem",
    "Time Zone",
    "Day Boundary",
    "Key Policy",
    "Double Tap (s)",
    "Clock Change At",
    "Clock Change By",
    "Clock Told On",
    "Memory Told On",
)


class KeyPolicy(StrEnum):
    """Which punches of a day count, whatever keys were pressed."""

    FIRST_AND_LAST = "first and last"
    PAIRS = "pairs"


DEFAULT_DOUBLE_TAP_S = 60
