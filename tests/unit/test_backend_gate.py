"""What is let in at once."""

import threading

import pytest

from attendance_backend.app.gate import LARGE, MOST_AT_ONCE, Gate


class Server:
    """Serves as many at once as it is asked to, and says of each what became of it."""

    def __init__(self):
        self.inside = []
        self.may_end = threading.Event()
        self.has_begun = threading.Semaphore(0)
        self.gate = Gate(self.serve, patience_s=0.05)

    def serve(self, environ, start_response):
        self.inside.append(environ["CONTENT_LENGTH"])
        self.has_begun.release()
        assert self.may_end.wait(30)
        if environ.get("fails"):
            raise ValueError("a fault")
        start_response("200 OK", [])
        return [b""]

    def ask(self, size, **more):
        said = []
        list(self.gate({"CONTENT_LENGTH": str(size), **more}, lambda status, _: said.append(status)))
        return said[0]

    def begin(self, size):
        thread = threading.Thread(target=self.ask, args=(size,))
        thread.start()
        assert self.has_begun.acquire(timeout=30)
        return thread

    def end(self, *threads):
        self.may_end.set()
        for thread in threads:
            thread.join(30)


@pytest.mark.parametrize(
    ("first", "refused", "small"),
    [
        ([LARGE + 1], LARGE + 1, LARGE),
        ([LARGE, LARGE], MOST_AT_ONCE - 2 * LARGE + 1, MOST_AT_ONCE - 2 * LARGE),
    ],
)
def test_what_there_is_no_room_for_comes_again_and_keeps_no_other_out(first, refused, small):
    server = Server()
    threads = [server.begin(size) for size in first]
    assert server.ask(refused) == "503 Service Unavailable"
    threads.append(server.begin(small))
    server.end(*threads)
    assert server.inside == [str(size) for size in (*first, small)]
    assert server.ask(refused) == "200 OK"


@pytest.mark.parametrize("size", [LARGE + 1, LARGE])
def test_a_fault_leaves_the_gate_open(size):
    server = Server()
    server.may_end.set()
    for _ in range(9):
        with pytest.raises(ValueError, match="a fault"):
            server.ask(size, fails=True)
    assert server.ask(size) == "200 OK"
