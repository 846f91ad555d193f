"""What `attendance-client status` says."""

from pathlib import Path

from attendance_client.app.config import load_config
from attendance_client.fsm.generated import RESUME_AT
from attendance_client.fsm.snapshot import FileSnapshotStore
from attendance_client.relay import ledger_rescue
from attendance_client.relay.ledger import LEDGER_NAME, Ledger


def describe(directory: Path) -> str:
    """A few lines for a person; raises UserError, DiskError and DamagedError."""
    config = load_config(directory)
    store = FileSnapshotStore(directory)
    snapshot = store.load()
    lines = [f"site          {config.site.location}"]
    lines += [
        f"machine       {machine.host}:{machine.port}{' ' + machine.name if machine.name else ''}"
        for machine in config.machines
    ]
    if snapshot is None and store.path.exists():
        lines.append(
            f"state         {store.path.name} is damaged: the client begins without it, which loses nothing"
        )
    elif snapshot is None:
        lines.append("state         has never run here")
    else:
        period = snapshot.review_period
        lines.append(f"state         {RESUME_AT[snapshot.pi4_state]}")
        lines.append(
            f"period        {period.name}, {period.first_day} to {period.last_day}"
            if period
            else "period        none"
        )
        lines.append(f"last stored   {snapshot.last_stored_timestamp or '-'}")
    path = directory / LEDGER_NAME
    if path.exists():
        ledger = Ledger(path, config.site.day_boundary)
        try:
            summary, machines = ledger.summary(), ledger.machines()
        finally:
            ledger.close()
        lines.append(f"punches       {summary.punches}, of which {summary.confirmed} are in a sheet")
        lines += [
            f"  of machine  {machine.serial_number}{' ' + machine.name if machine.name else ''}: {machine.punches}, "
            f"the latest came on {machine.latest:%d-%m-%Y %H:%M}"
            for machine in machines
        ]
        lines.append(f"on their way  {summary.backlog}")
        if summary.refused:
            lines.append(f"refused       {summary.refused} of them: {summary.reason or 'nobody answers'}")
        lines.append(
            f"no period     {summary.without_period} (older than the first period, or of one yet to come)"
        )
        lines.append(f"undecodable   {summary.undecodable} (kept with their bytes)")
    if told := ledger_rescue.trouble(directory):
        lines.append(f"trouble       {told}")
    return "\n".join(lines)
