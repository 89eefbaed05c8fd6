"""The webhook sender against a real local server that fails, delays, repeats and lies."""

import datetime as dt
import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.errors import TableError
from pipeline.route.ladder import Endpoint, Ladder, Retries, Rung
from pipeline.route.outbox import BEIJING, Alarm, Outbox, Receipt, SendFailed, send_due
from pipeline.route.webhook import Webhook

_CONNECT = socket.socket.connect
_ADDRESSES = socket.getaddrinfo
ALARM = Alarm("T1", "市应急管理局", "城北区", "疑似燃气特急")
LADDER = Ladder((Rung(0, "{unit}值班室"), Rung(5, "{district}政府")), 10, Retries(tries=4, lease_seconds=30))


@pytest.fixture(autouse=True)
def _loopback(monkeypatch, _offline):
    """The loopback address, and no other, may be reached."""

    def connect(self, address):
        assert address[0] == "127.0.0.1"
        return _CONNECT(self, address)

    def addresses(host, *rest, **named):
        assert host == "127.0.0.1"
        return _ADDRESSES(host, *rest, **named)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", addresses)


@dataclass
class Switchboard:
    """A server that answers as it is told, and remembers what it was asked."""

    answers: list[object] = field(default_factory=list)
    requests: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)
    release: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        key = handler.headers["Idempotency-Key"]
        self.requests.append((key, body))
        wanted = self.answers.pop(0) if self.answers else 200
        if wanted == "hang":
            self.delivered.add(key)  # it arrived, only the answer never comes
            self.release.wait(30)
            return
        if wanted == "drop":
            self.delivered.add(key)
            handler.connection.close()
            return
        if wanted == "garbage":
            handler.wfile.write(b"\x00\x01 not http\r\n\r\n")
            return
        status, headers, text = wanted if isinstance(wanted, tuple) else (wanted, {}, b"")
        if 200 <= status < 300:
            self.delivered.add(key)
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)


@pytest.fixture
def board():
    board = Switchboard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            board.answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    board.url = f"http://127.0.0.1:{server.server_port}/call?from=12345"
    yield board
    board.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Clock:
    at: dt.datetime = dt.datetime(2024, 1, 25, 3, 0, tzinfo=BEIJING)

    def __call__(self) -> dt.datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(tmp_path, clock):
    with Outbox(tmp_path / "calls.sqlite", LADDER, clock) as box:
        box.add(ALARM)
        yield box


def send_for(minutes: float, outbox: Outbox, clock: Clock, board: Switchboard, timeout: float = 5.0) -> None:
    """Send whatever falls due, five seconds of the injected clock at a time."""
    sender = Webhook(Endpoint(board.url, timeout))
    for _ in range(int(minutes * 12)):
        send_due(outbox, sender)
        clock.at += dt.timedelta(seconds=5)


def test_a_call_arrives_with_its_key_and_without_the_caller(outbox, clock, board) -> None:
    send_for(0.1, outbox, clock, board)
    [(key, body)] = board.requests
    assert key == body["key"] == "T1:0:0"
    assert body["to"] == "市应急管理局值班室"
    assert set(body) == {"key", "ticket", "to", "unit", "district", "matter", "entered", "rung", "round"}
    assert outbox.calls()[0].sent == 1


def test_failures_are_repeated_until_it_arrives(outbox, clock, board) -> None:
    board.answers = [500, (503, {"Retry-After": "40"}, b""), 200]
    send_for(2, outbox, clock, board)
    assert [key for key, _ in board.requests] == ["T1:0:0"] * 3
    assert outbox.calls()[0].sent == 1


@pytest.mark.parametrize("trouble", ["hang", "drop", "garbage"])
def test_when_nobody_knows_whether_it_arrived_it_is_sent_again_under_the_same_key(
    outbox, clock, board, trouble
) -> None:
    board.answers = [trouble]
    send_for(0.5, outbox, clock, board, timeout=0.2)
    assert [key for key, _ in board.requests] == ["T1:0:0"] * 2
    assert {"hang": "超时", "drop": "应答不完整", "garbage": "应答不完整"}[trouble] in outbox.history("T1")[1][1]
    assert board.delivered == {"T1:0:0"}  # the receiver, by the key, tells the second from a new call
    assert outbox.calls()[0].sent == 1


def test_a_receiver_that_knows_the_key_is_content(outbox, clock, board) -> None:
    board.answers = ["drop", 409]
    send_for(0.5, outbox, clock, board)
    assert len(board.requests) == 2
    assert outbox.calls()[0].sent == 1


def test_a_refusal_is_final_and_the_next_rung_is_called(outbox, clock, board) -> None:
    board.answers = [400, 200]
    send_for(0.1, outbox, clock, board)
    assert [body["to"] for _, body in board.requests] == ["市应急管理局值班室", "城北区政府"]


def test_a_redirection_is_not_followed(outbox, clock, board) -> None:
    board.answers = [(302, {"Location": "http://127.0.0.1:1/"}, b"")]
    send_for(0.1, outbox, clock, board)
    assert "302" in outbox.history("T1")[1][1]


def test_a_server_that_is_down_leaves_the_call_open(outbox, clock) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert send_due(outbox, Webhook(Endpoint(f"http://127.0.0.1:{port}/", 1.0))) == (0, 1)
    assert outbox.calls()[0].trouble == "对方拒绝连接"


def test_an_answer_may_acknowledge(outbox, clock, board) -> None:
    board.answers = [(200, {}, json.dumps({"acknowledged": True, "by": "值班员"}).encode())]
    send_for(0.1, outbox, clock, board)
    assert outbox.calls() == []
    assert outbox.calls(open_only=False)[0].acknowledged_by == "值班员"


@pytest.mark.parametrize(
    "text",
    [b"", b"ok", b"\xff\xfe", b"[]", b'{"acknowledged": "yes"}', b'{"acknowledged": 1}', b"[" * 50_000, b"x" * 200_000],
)
def test_any_other_answer_is_only_an_arrival(outbox, clock, board, text: bytes) -> None:
    board.answers = [(200, {}, text)]
    sender = Webhook(Endpoint(board.url))
    call, _ = outbox.take()
    assert sender.send(call) == Receipt()


def test_no_answer_is_waited_for_longer_than_the_time_out(outbox, board) -> None:
    board.answers = ["hang"]
    call, _ = outbox.take()
    with pytest.raises(SendFailed, match="超时"):
        Webhook(Endpoint(board.url, 0.1)).send(call)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a/", "file:///etc/passwd", "//a/", "http://", "http://a:99999/", "http://a/\r\nX: 1", "http://中国/"],
)
def test_wrong_address(url: str) -> None:
    with pytest.raises(TableError):
        Webhook(Endpoint(url))


def test_a_ticket_number_in_chinese_makes_a_key_that_a_header_can_hold(tmp_path, clock, board) -> None:
    with Outbox(tmp_path / "other.sqlite", LADDER, clock) as outbox:
        outbox.add(Alarm("工单〔2024〕1", "甲", "", "乙"))
        send_for(0.1, outbox, clock, board)
    [(key, body)] = board.requests
    assert key.isascii()
    assert bytes.fromhex(key).decode() == body["key"]
