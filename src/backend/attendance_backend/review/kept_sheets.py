"""The columns of ``Kept`` and ``Since Finalised``, which a workbook has while it is finalised (`finalised`).

``Kept``, hidden: Worksheet | Row | Cells. A row of another worksheet, by the key that stands in it, and what its cells
held when the month was finalised, as JSON by the names of its columns: a value that a formula of the program made; or a
pair, of a value and the formula that somebody put there (null for none).

``Since Finalised``: Employee | Day | What. What would change the month, and does not.
"""

from attendance_backend.review.names import KEPT, KEPT_ID, SINCE, SINCE_ID
from attendance_backend.sheet import styles
from attendance_backend.sheet.layout import Column, Layout

SHEET = Column("worksheet", "Worksheet")
ROW = Column("row", "Row")
CELLS = Column("cells", "Cells")
KEPT_LAYOUT = Layout(KEPT, KEPT_ID, (SHEET, ROW, CELLS), hidden=True, warning="Kept by the program.")

WHO = Column("employee", "Employee", 190, styles.NAME)
DAY = Column("day", "Day", 110, styles.DAY_CELL)
WHAT = Column("what", "What would change this month, and does not, as it is finalised", 900, styles.WRAPPED)
SINCE_LAYOUT = Layout(
    SINCE,
    SINCE_ID,
    (WHO, DAY, WHAT),
    tab_color=styles.LOOK_TAB,
    warning="Written by the program. To let all of this count, empty Finalised in Guide.",
)
