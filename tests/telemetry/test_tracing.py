"""Steps, their order and what is noted of them; and that where nothing is recorded nothing is done."""

import asyncio
import subprocess
import sys

import pytest

from hubbub.core.errors import ModelError
from hubbub.core.references import recent, told
from hubbub.core.tracing import INTERNAL, NOTHING, NoTracing, Span, current, new_place, place_of, step
from tests.telemetry.test_otlp import Kept

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize("flags", ["00", "01", "03"])
def test_a_traceparent_is_read(flags: str) -> None:
    place = place_of(f"00-{TRACE}-{PARENT}-{flags}", "congo=t61rcWkgMzE")
    assert place == (bytes.fromhex(TRACE), bytes.fromhex(PARENT), flags != "00", "congo=t61rcWkgMzE")


@pytest.mark.parametrize(
    "text",
    [
        "",
        TRACE,
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-01\n",
        f" 00-{TRACE}-{PARENT}-01",
    ],
)
def test_what_is_no_traceparent_is_none(text: str) -> None:
    assert place_of(text) is None


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert place_of(f"cc-{TRACE}-{PARENT}-01-what-comes-then") is not None


@pytest.mark.parametrize("state", ["x" * 513, "a=\x00", "a=ü"])
def test_a_state_that_can_t_be_passed_on_is_left_out(state: str) -> None:
    place = place_of(f"00-{TRACE}-{PARENT}-01", state)
    assert place is not None
    assert place.state == ""


async def test_steps_stand_within_each_other_across_tasks() -> None:
    kept = Kept()

    async def search() -> None:
        with step("search"):
            await asyncio.sleep(0)

    with Span(kept, "question", INTERNAL, new_place()) as question:
        await asyncio.gather(search(), search())
        with step("query") as query, step("chat") as chat:
            assert current() is chat
        assert current() is question
    assert current() is NOTHING
    assert [span.name for span in kept.spans] == ["search", "search", "chat", "query", "question"]
    parents = [span.parent_id for span in kept.spans]
    assert parents == [question.id, question.id, query.id, question.id, b""]  # type: ignore[attr-defined]
    assert {span.place.trace_id for span in kept.spans} == {question.place.trace_id}


async def test_what_is_kept_ends_when_it_is_told_to_and_once() -> None:
    kept = Kept()
    with Span(kept, "question", INTERNAL, new_place()) as question:
        question.keep()
    assert not kept.spans
    question.end()
    question.end()
    assert kept.spans == [question]


async def test_errors_are_noted_by_their_codes_alone() -> None:
    kept = Kept()
    with pytest.raises(ModelError), Span(kept, "chat", INTERNAL, new_place()):
        raise ModelError("a text", code="too_long", detail="a secret")
    with pytest.raises(ValueError, match="a secret"), Span(kept, "chat", INTERNAL, new_place()):
        raise ValueError("a secret")
    with pytest.raises(asyncio.CancelledError), Span(kept, "chat", INTERNAL, new_place()):
        raise asyncio.CancelledError
    assert [span.error for span in kept.spans] == ["too_long", "ValueError", ""]
    assert [span.attributes for span in kept.spans] == [{}, {}, {"hubbub.cancelled": True}]


def test_texts_are_asked_for_only_where_they_are_recorded() -> None:
    kept = Kept()
    with Span(kept, "chat", INTERNAL, new_place()) as span:
        span.text("said", lambda: pytest.fail("it was asked for"))
    kept.includes_texts = True
    with Span(kept, "chat", INTERNAL, new_place()) as span:
        span.text("said", lambda: "x" * 100_000)
    assert len(str(span.attributes["said"])) == 32_000


def test_the_reference_of_an_error_is_told_with_its_trace() -> None:
    kept = Kept()
    with pytest.raises(ModelError) as raised, Span(kept, "question", INTERNAL, new_place()) as span:
        raise ModelError("It failed.", detail="a detail that no other test has")
    error = told(raised.value)  # after the step was left, as where an answer is refused
    assert recent[-1].reference == error.reference
    assert recent[-1].trace_id == span.trace_id != ""


def test_where_nothing_is_recorded_a_step_is_one_and_the_same() -> None:
    with NoTracing().begin("question") as question, step("search") as search:
        search.set("name", "value")
        search.text("said", lambda: pytest.fail("it was asked for"))
    assert question is search is NOTHING
    headers = {"Content-Type": "text/plain"}
    assert search.headers(headers) is headers
    assert (search.traceparent, search.trace_id) == ("", "")


def test_switched_off_nothing_of_it_is_imported() -> None:
    program = """
import asyncio, os, sys, tempfile
from hubbub.compose import open_asking, prepare_folder
from hubbub.compose.telemetry import open_tracing
from hubbub.settings import Settings
import hubbub.web.app

async def run():
    with tempfile.TemporaryDirectory() as folder:
        async with open_tracing(Settings(), {}) as tracing:
            print(type(tracing).__name__)

asyncio.run(run())
print([name for name in sys.modules if name.startswith("hubbub.") and ("telemetry" in name or "otlp" in name)])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split("\n")[0] == "NoTracing"
    assert sorted(eval(ran.stdout.split("\n")[1])) == ["hubbub.compose.telemetry", "hubbub.settings.telemetry"]
