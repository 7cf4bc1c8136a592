"""The lab tells the truth: what it counts is what came, and it notices what did not."""

import dataclasses
import socket
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.lab import ends
from bench.lab.chart import draw_chart
from bench.lab.ends import NO_COMPILER, Ask, ModelServer, Plan, compiled, model_server, read_streams, request
from bench.lab.measure import Bench, Point, Result, running
from bench.lab.processes import Cores, free_port
from bench.lab.stacks import STACKS
from bench.lab.table import print_table

PLAIN = Ask(request("POST", "/v1/chat/completions", {"stream": True}))


@pytest.fixture(scope="module")
def programs() -> Iterator[Path]:
    try:
        with compiled() as folder:
            yield folder
    except SystemExit:
        pytest.skip(NO_COMPILER)


@pytest.fixture
def cores() -> Cores:
    try:
        return Cores.choose()
    except SystemExit as error:
        pytest.skip(str(error))


@pytest.fixture
def model(programs: Path, cores: Cores) -> Iterator[ModelServer]:
    with model_server(programs, cores.ends) as server:
        yield server


def test_every_token_comes_through_hubbub_once(programs: Path, cores: Cores, model: ModelServer) -> None:
    bench = Bench(programs, cores, model, seconds=1)
    with running(bench, STACKS[0]) as server:
        point = server.point(5)
        seen = model.seen()
    assert (point.open_streams, point.complete, point.failed) == (5, 5, 0)
    assert (point.missing, point.doubled, point.still_open) == (0, 0, 0)
    assert (seen["requests"], seen["finished"], seen["left"]) == (5, 5, 0)
    assert point.tokens_per_second > 0
    assert point.cpu_us_per_token > 0


def test_the_model_server_paces_its_tokens(programs: Path, cores: Cores, model: ModelServer, tmp_path: Path) -> None:
    model.script(tokens=20, rate=100, first_ms=100)
    met = read_streams(programs, cores.ends, model.port, PLAIN, Plan(2, 20, window=0), trace=tmp_path / "trace")
    assert (met["complete"], met["tokens"], met["missing"], met["doubled"]) == (2, 40, 0, 0)
    for stream in (0, 1):
        lines = [[int(part) for part in line.split()] for line in (tmp_path / "trace").read_text().splitlines()]
        own = [line for line in lines if line[0] == stream]
        assert [line[1] for line in own] == list(range(20))
        asked, first, last = own[0][3], own[0][4], own[-1][4]
        assert first - asked >= 100_000
        assert last - first >= 150_000  # 19 pauses of 10 ms; late ones are caught up with


def test_streams_that_are_left_are_counted(programs: Path, cores: Cores, model: ModelServer) -> None:
    model.script(tokens=1, rate=100, hold=True)
    plan = Plan(3, 2, ramp=0, settle=0, window=0.1, grace=0)
    met = read_streams(programs, cores.ends, model.port, PLAIN, plan)
    assert (met["complete"], met["cut"]) == (0, 3)
    assert (model.seen()["open"], model.seen()["left"]) == (0, 3)


def mark(number: int) -> bytes:
    return b"~%05d.%012d.%07d;" % (number, 1, 1)


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        (mark(0) + b"\n" + mark(1) + mark(2), {"complete": 1, "missing": 0, "doubled": 0}),
        (mark(0) + mark(2), {"complete": 1, "missing": 1, "doubled": 0}),
        (mark(0) + mark(1) + mark(1) + mark(2), {"complete": 1, "missing": 0, "doubled": 1}),
        (mark(0) + mark(1), {"complete": 0, "cut": 1, "missing": 1}),
        (mark(0) + mark(1)[:-1] + b"x" + mark(2), {"complete": 1, "missing": 1, "tokens": 2}),
    ],
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_the_readers_notice_what_is_missing_or_doubled(
    programs: Path, cores: Cores, body: bytes, counts: dict[str, int], is_chunked: bool
) -> None:
    if is_chunked:  # in pieces that cut marks in two
        pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
        reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        reply += b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    else:
        reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with replying([reply]) as (port, _):
        met = read_streams(programs, cores.ends, port, PLAIN, Plan(1, 3, ramp=0, window=0))
    assert {name: met[name] for name in counts} == counts


def test_the_second_request_carries_the_id_of_the_first_reply(programs: Path, cores: Cores) -> None:
    first = b'HTTP/1.1 202 A\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{"answer":{"id":"\r\n5\r\nab"}}\r\n0\r\n\r\n'
    second = b"HTTP/1.1 200 OK\r\n\r\n" + mark(0)
    ask = Ask(request("POST", "/q", {}), request("GET", "/a/{id}/e"), find='"answer":{"id":"')
    with replying([first, second]) as (port, heads):
        met = read_streams(programs, cores.ends, port, ask, Plan(1, 1, ramp=0, window=0))
    assert met["complete"] == 1
    assert [head.split()[1] for head in heads] == [b"/q", b"/a/ab/e"]


def test_a_refusal_is_told(programs: Path, cores: Cores) -> None:
    with replying([b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"]) as (port, _):
        met = read_streams(programs, cores.ends, port, PLAIN, Plan(1, 1, ramp=0, window=0))
    assert (met["complete"], met["refused"], met["last_status"]) == (0, 1, 503)


@contextmanager
def replying(replies: list[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Serve one connection: a reply for each request on it, then its end. Gives the port and what was asked."""
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for reply in replies:
                    heads.append(connection.recv(65536))
                    connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], heads
        thread.join(10)


def test_a_port_of_somebody_else_is_not_ones_own(programs: Path, cores: Cores, model: ModelServer) -> None:
    assert model.tree.listens_on(model.port)
    assert not model.tree.listens_on(free_port())
    with model_server(programs, cores.ends) as other:
        assert not other.tree.listens_on(model.port)


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="apt-get install gcc"), compiled():
        pass


def test_chart_and_table_show_every_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zeros = {field.name: 0 for field in dataclasses.fields(Point)}
    points = tuple(
        Point(**{**zeros, "streams": streams, "open_streams": streams, "cpu_us_per_token": 30.4, "delay_p99_ms": 4.0})
        for streams in (50, 300)
    )
    results = [Result("one", "One & all", points, 400, 1234.0, 16.0, 0), Result("two", "Two", points[:1])]
    draw_chart(results, tmp_path / "chart.svg", "Measured.")
    drawn = "".join(ElementTree.parse(tmp_path / "chart.svg").getroot().itertext())
    print_table(results)
    printed = capsys.readouterr().out
    for text in (drawn, printed):
        assert "One & all" in text
        assert "Two" in text
    assert "1,234" in printed
