"""The embedded model's process is started, watched, started again and stopped: a scripted one and the real one."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from hubbub.connections.http import Http
from hubbub.core.errors import ModelError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.files import Progress, WeightsError
from hubbub.models.local import FAILURES, LocalModel
from hubbub.testing.models import QUESTION, Heard, ModelContract, ask
from tests.patience import patience
from tests.servers.model_server import ModelServer, Script
from tests.weights import chat_weights as chat_weights

# A child that speaks as local_server does, but lets a server that exists already answer.
CHILD = """
import json, sys
job = json.loads(sys.stdin.readline())
print(json.dumps({"type": "ready", "url": sys.argv[1]}), flush=True)
sys.stdin.read()
"""


async def own_file(progress: Progress) -> Path:
    progress(10, 10)
    return Path("/somewhere/model.gguf")


@asynccontextmanager
async def local_model(server: ModelServer, http: Http, child: str = CHILD, **options: Any) -> AsyncIterator[LocalModel]:
    program = (sys.executable, "-c", child, server.base_url.removesuffix("/v1"))
    settings = {"fetch": own_file, "pause_seconds": 0.01, **options}
    async with LocalModel("small", http=http, program=program, **settings) as model:
        yield model


async def died(pid: int) -> None:
    async with patience():
        while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():  # noqa: ASYNC240
            await asyncio.sleep(0.01)


async def test_it_starts_with_the_first_question_and_stops_with_its_owner(server: ModelServer, http: Http) -> None:
    async with local_model(server, http) as model:
        assert (model.state, model.pid) == ("asleep", None)
        heard, _ = await ask(model)
        assert "".join(heard) == "Hello, wörld!"
        assert (model.state, model.fetched) == ("ready", (10, 10))
        pid = model.pid
        assert pid is not None
        assert len(server.seen[0].headers["authorization"]) > 30
    await died(pid)


async def test_it_can_be_started_before_anybody_asks(server: ModelServer, http: Http) -> None:
    async with local_model(server, http) as model:
        model.start()
        await server.until(lambda _: model.state == "ready", 5)


@pytest.mark.parametrize("moment", ["headers", "first_token", "tokens"])
async def test_when_it_dies_answers_under_way_fail_and_it_comes_back(
    server: ModelServer, http: Http, moment: Any
) -> None:
    server.scripts.append(Script(reset_before=moment))
    async with local_model(server, http) as model:
        with pytest.raises(ModelError, match="ask again") as caught:
            await ask(model)
        assert (caught.value.code, caught.value.retryable) == ("model_died", True)
        pid = model.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await server.until(lambda _: model.pid not in (pid, None) and model.state == "ready", 5)
        assert (await ask(model))[0]


async def test_at_most_four_at_once_the_others_in_their_order(server: ModelServer, http: Http) -> None:
    server.script = Script(seconds_between=0.02)
    most = 0

    def send(piece: str) -> None:
        nonlocal most
        most = max(most, server.open_requests)

    async with local_model(server, http) as model, asyncio.TaskGroup() as group:
        for number in range(12):
            group.create_task(model.complete([Turn("user", str(number))], send))
    assert most == 4
    asked = [int(seen.body["messages"][0]["content"]) for seen in server.seen]
    assert [number // 4 for number in asked] == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]


async def test_waiting_for_a_turn_can_be_given_up(server: ModelServer, http: Http) -> None:
    server.script = Script(stall_before="headers")
    async with local_model(server, http) as model:
        assert model.pace.limit == 4
        tasks = [asyncio.create_task(model.complete(QUESTION, Heard())) for _ in range(6)]
        await server.until(lambda server: server.open_requests == 4, 5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.script = Script()
        assert (await ask(model))[0]


async def test_a_prompt_beyond_all_bounds_is_refused_before_it_is_sent(server: ModelServer, http: Http) -> None:
    async with local_model(server, http) as model:
        with pytest.raises(ModelError) as caught:
            await ask(model, [Turn("user", "x" * 100_000)])
        assert caught.value.code == "context_too_long"
        assert server.seen == []


CRASH = "import sys; sys.exit('no such instruction')"
REFUSE = 'import json; print(json.dumps({"type": "refused", "message": "The file is not a model."}))'
BABBLE = "print('hello')"


@pytest.mark.parametrize(
    ("child", "words"), [(CRASH, "no such instruction"), (REFUSE, "is not a model"), (BABBLE, "can't be started")]
)
async def test_one_that_can_not_start_says_why_and_is_not_tried_for_ever(
    server: ModelServer, http: Http, child: str, words: str
) -> None:
    starts = 0

    async def counted(progress: Progress) -> Path:
        nonlocal starts
        starts += 1
        return await own_file(progress)

    async with local_model(server, http, child, fetch=counted, pause_seconds=0.001) as model:
        with pytest.raises(ModelError, match=words):
            await ask(model)
        await server.until(lambda _: starts == FAILURES, 5)
        await asyncio.sleep(0.2)
        assert starts == FAILURES
        assert model.state == "failed"
        with pytest.raises(ModelError, match=words):  # the next question tries once more
            await ask(model)
        assert starts == FAILURES + 1


async def test_weights_that_can_not_be_had_are_an_answer_too(server: ModelServer, http: Http) -> None:
    async def fails(progress: Progress) -> Path:
        raise WeightsError("The disk is full.")

    async with local_model(server, http, fetch=fails) as model:
        with pytest.raises(ModelError, match="disk is full"):
            await ask(model)


async def test_who_asks_while_it_is_fetched_learns_how_far_it_is(
    server: ModelServer, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.models.local.PATIENCE_SECONDS", 0.05)

    async def slow(progress: Progress) -> Path:
        progress(40_000_000, 98_000_000)
        await asyncio.Event().wait()
        raise AssertionError

    async with local_model(server, http, fetch=slow) as model:
        with pytest.raises(ModelError, match="40 of 98 MB") as caught:
            await ask(model)
        assert caught.value.code == "not_ready"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real_model(chat_weights: Path) -> AsyncIterator[LocalModel]:  # one for all: it takes a second to load
    async def there(progress: Progress) -> Path:
        return chat_weights

    # By itself: threads wait for each other by turning in a circle, which takes most of the time where others work too.
    async with Http() as http, LocalModel("smollm2-135m", there, http, threads=1) as model:
        yield model


@pytest.mark.asyncio(loop_scope="module")
class TestLocalModelItself(ModelContract):
    @pytest.fixture
    def model(self, real_model: LocalModel) -> LocalModel:
        return real_model

    async def test_it_really_reads(self, model: LocalModel) -> None:
        heard = Heard()
        await model.complete(
            [Turn("user", "Write a sentence about dogs.")], heard, Generation(max_tokens=20, temperature=0)
        )
        assert "dog" in "".join(heard).lower()

    async def test_too_long_a_prompt_is_told(self, model: LocalModel) -> None:
        with pytest.raises(ModelError) as caught:
            await ask(model, [Turn("user", "word " * 6000)])
        assert caught.value.code == "context_too_long"

    async def test_killed_in_the_middle_it_comes_back(self, model: LocalModel) -> None:
        heard = Heard()
        answering = asyncio.create_task(model.complete(QUESTION, heard))
        await heard.begun.wait()
        assert model.pid is not None
        os.kill(model.pid, signal.SIGKILL)
        with pytest.raises(ModelError) as caught:
            await answering
        assert caught.value.code == "model_died"
        assert (await ask(model, max_tokens=3))[0]
