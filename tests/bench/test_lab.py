"""The lab tells the truth: what it counts is what came, and it notices what did not."""

import dataclasses
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.lab import ends, fairness
from bench.lab.chart import draw_chart
from bench.lab.ends import NO_COMPILER, NO_TLS, Ask, ModelServer, Plan, compiled, model_server, read_streams, request
from bench.lab.goals import judge
from bench.lab.measure import LATE_MS, Bench, Idle, Point, Result, running
from bench.lab.processes import TICKS, Cores, Tree, free_port
from bench.lab.stacks import STACKS
from bench.lab.table import print_goals, print_table

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


CHILD = """
import time

while time.process_time() < 0.1:
    pass
input()
"""
PARENT = """
import subprocess, sys, threading, time

def burn():
    while time.thread_time() < 0.05:
        pass

thread = threading.Thread(target=burn)
thread.start()
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE)
print("begun", flush=True)
input()
thread.join()
child.communicate(b"end")
print("ended", flush=True)
input()
"""


def test_the_time_of_threads_and_children_that_ended_still_counts() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PARENT, CHILD], text=True, **pipes) as process:
        assert process.stdin and process.stdout
        tree = Tree(process.pid)
        assert process.stdout.readline() == "begun\n"
        while len(tree.pids()) < 2 or Tree(tree.pids()[1]).cpu_seconds() < 0.1:
            time.sleep(0.01)
        before = tree.cpu_seconds()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ended\n"
        assert tree.pids() == [process.pid]
        assert tree.cpu_seconds() > before - 2 / TICKS
        process.stdin.close()


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


def test_answers_end_when_told_and_the_late_ones_are_noted_apart(
    programs: Path, cores: Cores, model: ModelServer
) -> None:
    model.script(tokens=0, rate=50)
    looks = iter((lambda: None, model.finish))
    plan = Plan(6, 0, ramp=0, settle=0.2, window=0.3, late=2, late_rate=20)
    met = read_streams(programs, cores.ends, model.port, PLAIN, plan, on_window=lambda: next(looks)())
    assert (met["complete"], met["missing"], met["open"]) == (6, 0, 6)
    assert (met["first_us"]["count"], met["late_first_us"]["count"], met["active"]) == (4, 2, 6)
    assert model.seen()["finished"] == 6


def test_an_answer_that_breaks_off_before_its_last_token_is_not_complete(programs: Path, cores: Cores) -> None:
    for last, complete in ((mark(1), 0), (mark(1)[:-1] + b"!", 1)):
        body = mark(0) + last
        with replying([b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body]) as (port, _):
            met = read_streams(programs, cores.ends, port, PLAIN, Plan(1, 0, ramp=0, window=0))
        assert (met["complete"], met["tokens"], met["missing"]) == (complete, 2, 1 - complete)


@pytest.mark.quiet
def test_who_comes_when_all_slots_are_taken_waits_for_one(programs: Path, cores: Cores, model: ModelServer) -> None:
    model.script(tokens=2, rate=100, first_ms=100, slots=2)
    met = read_streams(programs, cores.ends, model.port, PLAIN, Plan(6, 2, ramp=0, window=0))
    assert met["complete"] == 6
    assert met["wait_us"]["max"] >= 300_000  # the third pair waits for two others
    assert met["first_us"]["p99"] < 100_000  # which is the model's part


def test_each_reader_asks_as_a_person_of_its_own(programs: Path, cores: Cores) -> None:
    ask = Ask(request("GET", "/x", headers={"X-Lab-Person": "{person}"}))
    with replying([b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n" + mark(0)]) as (port, heads):
        read_streams(programs, cores.ends, port, ask, Plan(1, 1, ramp=0, window=0))
    assert b"X-Lab-Person: 00000000\r\n" in heads[0]


def test_the_model_server_speaks_tls(programs: Path, cores: Cores) -> None:
    if not (programs / "certificate.pem").exists():
        pytest.skip(NO_TLS)
    with model_server(programs, cores.ends) as model:
        assert model.tls_base_url is not None
        trusting = ssl.create_default_context(cafile=model.certificate)
        model.script(tokens=3, rate=100)
        asking = urllib.request.Request(f"{model.tls_base_url}/chat/completions", data=b"{}")
        with urllib.request.urlopen(asking, context=trusting, timeout=10) as reply:
            text = reply.read()
        assert (text.count(b"~0000"), text.endswith(b"data: [DONE]\n\n")) == (3, True)
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(asking, timeout=10)


def test_a_heavy_person_beside_light_ones_is_measured(
    programs: Path, cores: Cores, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness, "QUESTIONS", 12)
    monkeypatch.setattr(fairness, "LIGHT_PEOPLE", 2)
    monkeypatch.setattr(fairness, "LIGHT_QUESTIONS", 1)
    monkeypatch.setattr(fairness, "TOKENS", 2)
    met = fairness.measure_fairness(Bench(programs, cores, model))
    assert (met.heavy_complete, met.light_refused, met.light_failed) == (12, 0, 0)
    assert met.alone_p50_ms >= fairness.FIRST_MS
    assert met.ratio > 0


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


def point(streams: int, **figures: float) -> Point:
    zeros = {field.name: 0 for field in dataclasses.fields(Point)}
    return Point(**{**zeros, "streams": streams, "open_streams": streams, "all_open_streams": streams, **figures})


def test_goals_say_whether_they_are_reached_or_by_how_much_not(capsys: pytest.CaptureFixture[str]) -> None:
    points = tuple(point(50, cpu_us_per_token=cpu, delay_p99_ms=20, first_p99_ms=11) for cpu in (70, 78, 90))
    points += (point(1000, cpu_us_per_token=14, delay_p99_ms=300),)
    nginx = Result("nginx", "nginx", (point(50, cpu_us_per_token=72),))
    fair = fairness.Fairness(True, 100, 200, 100, 240, 0, 0, 500, 0, 9.0)
    verdicts = {
        verdict.goal.title: verdict for verdict in judge([Result("hubbub", "Hubbub", points, 1000), nginx], fair)
    }
    cpu = verdicts["CPU a token, 50 streams"]
    assert (cpu.value, cpu.nginx, cpu.scaled, cpu.is_reached) == (78, 72, 39, False)
    assert cpu.missed_by == pytest.approx(0.2)
    assert verdicts["added delay p99, 50 streams"].is_reached
    assert not verdicts["CPU a token, 300 streams"].is_reached
    print_goals(list(verdicts.values()))
    lines = capsys.readouterr().out.splitlines()
    told = {title: next(line for line in lines if title in line) for title in verdicts}
    assert "missed by 20%; reached when scaled by nginx" in told["CPU a token, 50 streams"]
    assert "70–90" in told["CPU a token, 50 streams"]
    assert "not measured" in told["CPU a token, 300 streams"]
    assert "missed: 1,000 streams were not carried" in told["added delay p99, 2,000 streams"]
    assert "missed by 50%" in told[f"carried on one core, p99 ≤ {LATE_MS} ms"]
    assert "reached" in told["light people beside a heavy one, p95 first word"]


def test_chart_and_table_show_every_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = tuple(point(streams, cpu_us_per_token=30.4, delay_p99_ms=4.0) for streams in (50, 300))
    idle = Idle(200, 200, 16.0, 0)
    results = [Result("one", "One & all", points, 400, 1234.0, idle), Result("two", "Two", points[:1])]
    draw_chart(results, tmp_path / "chart.svg", "Measured.")
    drawn = "".join(ElementTree.parse(tmp_path / "chart.svg").getroot().itertext())
    print_table(results)
    printed = capsys.readouterr().out
    for text in (drawn, printed):
        assert "One & all" in text
        assert "Two" in text
    assert "1,234" in printed
