"""What a machine makes of a request, with all that may go wrong: the same on TCP, on UDP and in memory."""

from collections.abc import Callable
from dataclasses import dataclass

from attendance_sandbox.device.faults import (
    AnswerWith,
    DropConnection,
    Fault,
    Faults,
    GoneSilent,
    PunchFirst,
    ResetConnection,
    RunFirst,
    SendGarbage,
    SlowLink,
    Spoiling,
    StaySilent,
    TearReply,
)
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Packet
from attendance_sandbox.device.session import Answer, Session

OnRequest = Callable[[int, bytes], object]
Log = Callable[[str], object]


@dataclass(frozen=True)
class Outcome:
    """What becomes of a request.

    Attributes:
        packets: code and data of each packet of the reply.
        spoilt_by: what the transport has to do to the reply.
        closes: whether the connection ends after it.
        reboots: whether every connection ends after it.
    """

    packets: tuple[tuple[int, bytes], ...]
    spoilt_by: Spoiling | None = None
    slow: SlowLink | None = None
    closes: bool = False
    reboots: bool = False


class Dialogue:
    """One client's requests and what they meet on their way."""

    def __init__(
        self,
        machine: AttendanceMachine,
        session: Session,
        faults: Faults,
        *,
        on_request: OnRequest | None = None,
        log: Log = lambda _line: None,
    ) -> None:
        self.machine = machine
        self.session = session
        self.log = log
        self._faults = faults
        self._on_request = on_request

    def hear(self, packet: Packet) -> list[Fault]:
        """Take notice of a request; returns the faults that strike it."""
        request = self.session.describe(packet)
        if self._on_request is not None:
            self._on_request(packet.command, packet.data)
        return self._faults.strike(request)

    def answer(self, packet: Packet, faults: list[Fault]) -> Outcome:
        """Carry the request out, or not, as the faults say."""
        self._act_first(faults)
        slow = next((fault for fault in faults if isinstance(fault, SlowLink)), None)
        spoilt_by = next((fault for fault in faults if isinstance(fault, Spoiling)), None)
        if _leaves_undone(spoilt_by):
            answer = Answer(told=f"command {packet.command}: left undone by a fault")
        else:
            answer = self.session.answer(packet)
        if answer.told:
            self.log(answer.told)
        if isinstance(spoilt_by, AnswerWith):
            return Outcome(
                ((spoilt_by.code, spoilt_by.data),), spoilt_by, slow, answer.closes, answer.reboots
            )
        reboots = answer.reboots
        if isinstance(spoilt_by, TearReply) and spoilt_by.reboot:
            self.machine.restart()
            self.log("switched off and on in the middle of a reply")
            reboots = True
        return Outcome(answer.packets, spoilt_by, slow, answer.closes, reboots)

    def _act_first(self, faults: list[Fault]) -> None:
        for fault in faults:
            if isinstance(fault, PunchFirst):
                self.machine.punch(fault.user_id, status=fault.status, punch=fault.punch)
            elif isinstance(fault, RunFirst):
                fault.action(self.machine)


def _leaves_undone(fault: Spoiling | None) -> bool:
    if isinstance(fault, DropConnection | ResetConnection | StaySilent | AnswerWith):
        return not fault.applied
    return isinstance(fault, GoneSilent | SendGarbage)
