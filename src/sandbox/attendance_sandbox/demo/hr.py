"""What HR does in the demo, through gspread, as a person does it in the browser: types, and is understood."""

from datetime import date
from typing import Any

import gspread
from google.oauth2.service_account import Credentials
from gspread.utils import ValueInputOption

from attendance_sandbox.demo.people import MAIL_DOMAIN, PLANNED_SHIFTS, PLANS, Person
from attendance_sandbox.sheets.server import SheetsServer

SCOPES = ("https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive")
TYPED = ValueInputOption.user_entered


class HrDesk:
    """HR, with the control spreadsheet that `attendance-backend init` made, and the review workbooks."""

    def __init__(self, sheets: SheetsServer, control_id: str) -> None:
        key = sheets.new_service_account("hr@demo.iam.gserviceaccount.com")
        self._client = gspread.Client(
            auth=Credentials.from_service_account_info(key, scopes=SCOPES),  # type: ignore[no-untyped-call]
            http_client=_local_http_client(sheets.url),
        )
        self._control = self._client.open_by_key(control_id)
        self._periods = self._control.worksheet("2026")
        self._people = self._control.worksheet("Cut Off Times")
        # HR here plans other periods than were proposed, and enters each when it gets round to it.
        self._periods.batch_clear(["A2:D13"])
        self._entered: list[str] = []
        self._typed_people = 0

    def type_people(self, people: list[Person]) -> None:
        """Enter people into Cut Off Times."""
        rows = [
            [
                person.name,
                f"{person.user_name}@{MAIL_DOMAIN}",
                person.cut_off.strftime("%H:%M"),
                person.user_id,
                person.site,
                person.site.capitalize(),
                *("" if day is None else f"{day:%Y-%m-%d}" for day in (person.hired, person.left)),
            ]
            for person in people
        ]
        self._people.update(rows, f"A{2 + self._typed_people}", value_input_option=TYPED)
        self._typed_people += len(rows)

    def type_period(self, month: str, start: date, end: date) -> None:
        weeks = round(((end - start).days + 1) / 7)
        row = [month, f"{start:%m/%d/%Y}", f"{end:%m/%d/%Y}", weeks]
        self._periods.update([row], f"A{2 + len(self._entered)}", value_input_option=TYPED)
        self._entered.append(month)

    def type_holiday(self, day: date, name: str) -> None:
        """Enter a holiday, in the other order than the periods."""
        self._control.worksheet("Holidays").update(
            [[f"{day:%Y-%m-%d}", name]], "A2", value_input_option=TYPED
        )

    def type_plans(self, people: list[Person]) -> None:
        """Enter shifts, and who works which one when."""
        self._control.worksheet("Shifts").update(
            [list(shift) for shift in PLANNED_SHIFTS], "A2", value_input_option=TYPED
        )
        addresses = {person.user_id: f"{person.user_name}@{MAIL_DOMAIN}" for person in people}
        rows = [[addresses[user_id], "", "", shift, "", "", days] for user_id, (shift, days) in PLANS.items()]
        self._control.worksheet("Roster").update(rows, "A2", value_input_option=TYPED)

    def set(self, setting: str, value: str | float) -> None:
        settings = self._control.worksheet("Settings")
        row = settings.col_values(1).index(setting) + 1
        settings.update([[value]], f"C{row}", value_input_option=TYPED)

    def correct(self, month: str, *lines: tuple[str, ...]) -> None:
        """Type lines into Corrections: date (the day first), until, employee, what, value, reason, by whom."""
        corrections = self._workbook(month).worksheet("Corrections")
        used = len([value for value in corrections.col_values(2) if value])
        corrections.update([list(line) for line in lines], f"B{used + 1}", value_input_option=TYPED)

    def finalise(self, month: str) -> None:
        guide = self._workbook(month).worksheet("Guide")
        row = guide.col_values(1).index("Finalised") + 1
        guide.update([["yes"]], f"B{row}", value_input_option=TYPED)

    def colour(self, month: str, cell: str) -> None:
        """Colour a cell of Daily Attendance, as people do."""
        daily = self._workbook(month).worksheet("Daily Attendance")
        daily.format(cell, {"backgroundColor": {"red": 1, "green": 1, "blue": 0}})

    def workbook_id(self, month: str) -> str:
        """The ID of a period's workbook, from the list that the program keeps."""
        sheets = self._control.worksheet("Review Sheets").get_all_values()
        return str({row[0]: row[1] for row in sheets[1:]}[f"{month} 2026"])

    def _workbook(self, month: str) -> Any:
        return self._client.open_by_key(self.workbook_id(month))


def _local_http_client(url: str) -> type[gspread.HTTPClient]:
    """Gspread's HTTP client, with Google's hosts replaced by the stand-in's."""

    class LocalHTTPClient(gspread.HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **options: Any) -> Any:
            for host in ("https://sheets.googleapis.com", "https://www.googleapis.com"):
                endpoint = endpoint.replace(host, url, 1)
            return super().request(method, endpoint, *args, **options)

    return LocalHTTPClient
