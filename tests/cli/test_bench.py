"""Load on a running server: what it is asked, what is told of it, and whom it leaves alone."""

import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from hubbub.cli.measured import Reading, Step, jain, percentile, step_of, steps_up_to, verdict
from tests.cli.commands import run, start
from tests.cli.test_serve import address, get

Invoke = Callable[..., Result]
MODELS = {
    "HUBBUB_MODELS__QUICK__PROVIDER": "scripted",
    "HUBBUB_MODELS__QUICK__TEXT": " ".join(f"word{number}" for number in range(20)),
    "HUBBUB_MODELS__QUICK__PAUSE_SECONDS": "0.01",
    "HUBBUB_MODELS__SLOW__PROVIDER": "scripted",
    "HUBBUB_MODELS__SLOW__TEXT": "one two three four five six seven eight",
    "HUBBUB_MODELS__SLOW__PAUSE_SECONDS": "20",
}


@pytest.fixture
def server(folder: Path) -> Iterator[str]:
    with start(folder, "serve", "--port", "0", variables=MODELS) as process:
        url = address(process)
        yield url
        process.terminate()
        process.communicate(timeout=20)


def test_people_ask_and_their_chats_are_gone_afterwards(folder: Path, server: str) -> None:
    code, out, err = run(
        folder, "bench", "--url", server, "--up-to", "2", "--seconds", "1", "--model", "quick", "--yes"
    )
    assert code == 0, err
    cells = [line.split() for line in out.splitlines() if line.lstrip()[:1].isdigit()]
    assert [row[0] for row in cells] == ["1", "2"]
    assert all(int(row[1]) > 20 for row in cells)  # answers a minute; each takes 0.2 s
    assert [row[5:7] for row in cells] == [["0", "0"], ["0", "0"]]
    assert "It holds 2 people with first words within 2 s, and maybe more." in out
    assert "1 at once …" in err
    assert json.loads(get(server + "/api/health"))["open_answers"] == 0
    assert chats_in(folder) == 0


def chats_in(folder: Path) -> int:
    database = sqlite3.connect(folder / "hubbub.db")
    try:
        return int(database.execute("select count(*) from chat").fetchone()[0])
    finally:
        database.close()


def test_no_more_questions_than_allowed(folder: Path, server: str) -> None:
    command = ("bench", "--url", server, "--people", "3", "--seconds", "30", "--questions", "4")
    began = time.monotonic()
    code, out, err = run(folder, *command)
    assert (code, time.monotonic() - began < 30) == (0, True), err
    assert "All questions that were allowed have been asked" in out


def test_interrupted_it_tells_what_there_is_and_cleans_up(folder: Path, server: str) -> None:
    command = ("bench", "--url", server, "--people", "2", "--seconds", "60", "--model", "slow", "--yes")
    with start(folder, *command) as process:
        for _ in range(300):
            if json.loads(get(server + "/api/health"))["open_answers"] == 2:
                break
            time.sleep(0.1)
        else:
            pytest.fail("nobody asked")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Interrupted; this is what there is." in err
    assert "people" in out
    assert chats_in(folder) == 0
    for _ in range(300):
        if json.loads(get(server + "/api/health"))["open_answers"] == 0:
            break
        time.sleep(0.1)
    else:
        pytest.fail("answers go on")


def test_other_machines_and_money_need_a_word(hubbub: Invoke, server: str) -> None:
    for url in ("http://192.0.2.1:8000", "https://chat.example.org"):
        result = hubbub("bench", "--url", url, "--yes")
        assert (result.exit_code, "--i-may-load-this-server" in result.stderr) == (1, True)
    result = hubbub("bench", "--url", server)  # nobody is there to say yes
    assert result.exit_code == 1
    assert "costs money" in result.stderr
    assert json.loads(get(server + "/api/health"))["open_answers"] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--url", "127.0.0.1:8000"), "is no address of a server"),
        (("--url", "http://127.0.0.1:port"), "is no address of a server"),
        (("--url", "http://127.0.0.1:9"), "No server answers at http://127.0.0.1:9"),
        (("--people", "0"), "1 to 1000 people"),
        (("--seconds", "-1"), "1 to 1000 people"),
        (("--question", " "), "The question is empty"),
    ],
)
def test_what_makes_no_sense_is_told(hubbub: Invoke, arguments: tuple[str, ...], told: str) -> None:
    result = hubbub("bench", *arguments, "--yes")
    assert result.exit_code == 1
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_model_that_is_not_there(hubbub: Invoke, server: str) -> None:
    result = hubbub("bench", "--url", server, "--model", "nobody", "--yes")
    assert result.exit_code == 1
    assert "There is no model 'nobody' there. There is: quick, slow." in result.stderr


def step(people: int, **figures: object) -> Step:
    plain: dict[str, object] = {
        "seconds": 10.0,
        "answers": 20,
        "answers_per_minute": 120.0,
        "first_seconds": (0.1, 0.2, 0.3),
        "pause_p95_seconds": 0.1,
        "tokens_per_second": 100.0,
        **dict.fromkeys(("refused", "failed", "unfinished", "waited", "worst_place"), 0),
        "fairness": 1.0,
        "late_p95_seconds": 0.001,
        "cpu_share": 0.1,
    }
    return Step(people, **{**plain, **figures})  # pyright: ignore[reportArgumentType]


def test_the_verdict_says_up_to_whom_it_holds_and_what_happens_then() -> None:
    late = step(10, first_seconds=(1.0, 3.5, 4.0))
    assert verdict([step(1), step(5), late]) == (
        "It holds about 5 people with first words within 2 s; with 10, 5 of 100 questions wait for 3.5 s or longer."
    )
    assert verdict([late]).startswith("Not even 10 people can be held: 5 of 100")
    assert verdict([step(2, refused=3)]).endswith("3 of their questions were refused.")
    assert verdict([step(2, failed=3)]).endswith("3 of their answers failed.")
    assert verdict([step(2, first_seconds=None)]).endswith("nobody saw a word.")
    assert verdict([step(2)]) == "It holds 2 people with first words within 2 s, and maybe more."
    assert "client was the bottleneck" in verdict([step(2, late_p95_seconds=0.2)])
    assert "client was the bottleneck" in verdict([step(2, cpu_share=0.95)])
    assert verdict([]) == "Nothing was measured."


def test_figures_of_a_step() -> None:
    readings = [
        Reading(100.0, 0, first_seconds=1.0, outcome="done", tokens=30, pauses=[0.1, 0.3]),
        Reading(101.0, 1, outcome="refused", reason="status 429: Later."),
        Reading(102.0, 1, outcome="open", place=7),  # has waited for 8 s so far
    ]
    met = step_of(2, readings, began=100.0, ended=110.0, lateness=[0.01, 0.02], cpu_seconds=5.0)
    assert (met.answers, met.refused, met.failed, met.unfinished) == (1, 1, 0, 1)
    assert met.first_seconds == (1.0, 8.0, 8.0)
    assert (met.answers_per_minute, met.tokens_per_second, met.pause_p95_seconds) == (6.0, 3.0, 0.3)
    assert (met.waited, met.worst_place, met.reason) == (1, 7, "status 429: Later.")
    assert (met.fairness, met.cpu_share, met.late_p95_seconds) == (0.5, 0.5, 0.02)
    assert not met.is_held


def test_percentiles_fairness_and_steps() -> None:
    assert [percentile(range(1, 101), percent) for percent in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert (percentile([], 50), percentile([3.0], 1)) == (0.0, 3.0)
    assert (jain([5, 5, 5, 5]), jain([1, 0, 0, 0]), jain([0, 0])) == (1.0, 0.25, 1.0)
    assert steps_up_to(20) == [1, 2, 5, 10, 20]
    assert steps_up_to(30) == [1, 2, 5, 10, 20, 30]
    assert steps_up_to(1) == [1]
