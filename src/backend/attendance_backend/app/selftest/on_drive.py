"""What is believed of Google Drive."""

from attendance_backend.app.selftest.google_lab import GoogleLab
from attendance_backend.app.selftest.on_sheets import tags
from attendance_backend.errors import SpreadsheetGoneError
from attendance_backend.google.google_http import Json
from attendance_trouble.belief import Beliefs, expect

ON_DRIVE: Beliefs[GoogleLab] = Beliefs()


@ON_DRIVE.held("The folder lies in a shared drive, and the account may make files in it.")
def _shared_drive(lab: GoogleLab) -> str:
    folder = lab.drive.folder()
    assert folder is not None
    return expect(f"{folder}", so=folder.is_folder and folder.in_shared_drive and folder.can_create)


@ON_DRIVE.held("A file is found by the properties that it was made with, within half a minute.")
def _properties(lab: GoogleLab) -> str:
    file_id = lab.drive.create("Found by its properties", {"selftest": "it's \\ here", "number": "1"})
    found = lab.settled(
        lambda: list(lab.drive.find({"selftest": "it's \\ here", "number": "1"})) == [file_id]
    )
    others = lab.drive.find({"selftest": "it's \\ here", "number": "2"})
    return expect(f"found: {found}; by other properties: {len(others)}", so=found and not others)


@ON_DRIVE.held("A copy keeps developer metadata and the IDs of worksheets.")
def _copy(lab: GoogleLab) -> str:
    sheet = lab.worksheet((1, "=A1+1"), formulas=True)
    column = {"dimensionRange": {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}}
    tag: Json = {
        "metadataKey": "selftest",
        "metadataValue": "kept",
        "visibility": "DOCUMENT",
        "location": column,
    }
    lab.batch({"createDeveloperMetadata": {"developerMetadata": tag}})
    copy_id = lab.drive.copy(lab.spreadsheet_id, "A copy", {"selftest": "copy"})
    found = tags(lab, f"T{sheet}", of=copy_id)
    titles = lab.read("sheets(properties(sheetId,title))", of=copy_id)["sheets"]
    same = any(each["properties"].get("sheetId") == sheet for each in titles)
    return expect(f"{found}, worksheet IDs are the same: {same}", so=found == {1: "kept"} and same)


@ON_DRIVE.held("What lies in the bin is told to, can be read all the same, and is not found any more.")
def _bin(lab: GoogleLab) -> str:
    file_id = lab.drive.create("For the bin", {"selftest": "bin"})
    lab.drive.move_to_bin(file_id)
    in_bin = lab.drive.is_in_bin(file_id)
    title = lab.read("properties(title)", of=file_id)["properties"]["title"]
    gone = lab.settled(lambda: not lab.drive.find({"selftest": "bin"}))
    return expect(
        f"in the bin: {in_bin}; can be read: {title}; no longer found: {gone}",
        so=in_bin and gone and bool(title),
    )


@ON_DRIVE.held("Who may open a file through its shared drive is told with the file.")
def _readers(lab: GoogleLab) -> str:
    opened_by = lab.drive.grants(lab.spreadsheet_id)
    return expect(
        f"{len(opened_by)} of them, though the file itself is shared with nobody", so=bool(opened_by)
    )


@ON_DRIVE.held("A file that is not there is refused with 404.")
def _no_file(lab: GoogleLab) -> str:
    try:
        lab.drive.is_in_bin("1" * 44)
    except SpreadsheetGoneError:
        return "it is told as gone"
    return expect("it was found", so=False)
