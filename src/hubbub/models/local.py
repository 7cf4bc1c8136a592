"""Answer with a model on this machine, in a child process that is kept alive."""

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

import msgspec

import hubbub
from hubbub.connections.http import Http
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.connections.processes import Child
from hubbub.core.errors import HubbubError, ModelError, ModelTooLong
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.address import Address, ApiKey, Secret
from hubbub.models.base import Completion, Limits, ModelCard, SendPiece
from hubbub.models.files import Progress, WeightsError
from hubbub.models.local_server import Job, Ready, Refused
from hubbub.models.openai import OpenAiModel
from hubbub.models.pace import FixedPace

LocalState: TypeAlias = Literal["asleep", "fetching", "loading", "ready", "failed"]
"""asleep (nobody has asked yet) → fetching its weights → loading → ready; failed: tried again after a pause."""

PARALLEL = 4
CONTEXT_TOKENS = 4096
CHARACTERS_PER_TOKEN = 16
"""No text has more of them; what is longer can be refused without being read."""
PROMPT_TOKENS = 1024
"""What is read in about five seconds on two cores; longer prompts keep everybody waiting."""
TEMPERATURE = 0.2
"""What its makers advise (the model card of SmolLM2-135M-Instruct); the runtime's own is 0.8."""
PATIENCE_SECONDS = 120.0
LOAD_SECONDS = 120.0
STEADY_SECONDS = 60.0
NOT_STARTED = "The embedded model can't be started. Try again later, or choose another model."
ENDS = "The embedded model ends again and again. Try again later, or choose another model."
NOT_FETCHED = "The embedded model is not on this machine yet, and can't be fetched. Try again, or choose another model."
NOTICE_SECONDS = 0.5
FAILURES = 5
PROGRAM = (sys.executable, "-m", "hubbub.models.local_server")

logger = logging.getLogger(__name__)


class LocalModel:
    """The embedded model; an async context manager. Its process starts with the first question, or with `start`.

    Up to `parallel` answers are made at once, the others wait in the order in which they came. That line
    has no bound of its own: whoever lets in many goes by `pace`, and then nobody waits here. When the
    process dies, the answers under way fail with the code "model_died" and it is started again
    after a pause that grows; after five failures in a row only the next question does that.
    """

    def __init__(
        self,
        name: str,
        fetch: Callable[[Progress], Awaitable[Path]],
        http: Http,
        *,
        threads: int | None = None,
        parallel: int = PARALLEL,
        context_tokens: int = CONTEXT_TOKENS,
        can_ground: bool = False,
        max_tokens: int | None = None,
        limits: Limits | None = None,
        program: Sequence[str] = PROGRAM,
        pause_seconds: float = 0.5,
    ) -> None:
        """Take what gets the model file; `program` speaks as `local_server` does."""
        self.card = ModelCard(
            name,
            "embedded",
            context_tokens,
            can_ground,
            "it comes with Hubbub",
            min(context_tokens, PROMPT_TOKENS),
            max_tokens=max_tokens,
            passes_fields=(),
        )
        self._parallel = parallel
        self.pace = FixedPace(parallel)
        self._fetch = fetch
        self._http = http
        self._threads = threads or _cores()
        self._limits = limits or Limits()
        self._program = tuple(program)
        self._pause_seconds = pause_seconds
        self._turn = asyncio.Semaphore(parallel)
        self._wanted = asyncio.Event()
        self._news = asyncio.Condition()
        self._server: OpenAiModel | None = None
        self._place: tuple[str, Secret] | None = None
        """Where the server is, or was last."""
        self._fault = ModelError("The embedded model has not been started yet.", code="not_ready")
        self._failures = 0
        self._keeper: asyncio.Task[None] | None = None
        self.state: LocalState = "asleep"
        self.fetched: tuple[int, int | None] = (0, None)
        """How many bytes of its weights are there, and of how many (None: not known)."""
        self.pid: int | None = None
        """The child's process id while it runs."""

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep(), name=f"keeper of {self.card.name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
            if not self._keeper.cancelled():
                self._keeper.result()  # a bug in the keeper is not kept quiet

    def start(self) -> None:
        """Begin to get ready, without waiting for it. `state` tells how far it is."""
        self._wanted.set()

    async def complete(self, turns: Sequence[Turn], send: SendPiece, how: Generation | None = None) -> Completion:
        if (
            sum(len(turn.text) for turn in turns) > CHARACTERS_PER_TOKEN * self.card.context_tokens
        ):  # a huge body costs memory before it is refused
            raise ModelTooLong(
                "The conversation is too long for the embedded model. Start a new chat, or choose another model.",
                limit_tokens=self.card.context_tokens,
            )
        await self._turn.acquire()
        server = None
        try:
            server = await self._ready_server()
            return await server.complete(turns, send, _possible(how or Generation()))
        except ModelError as error:
            if error.code not in ("broke_off", "unreachable"):
                raise
            await self._is_noticed(server)
            raise ModelError(
                "The embedded model stopped in the middle of the answer. It is being started again: ask again.",
                code="model_died",
            ) from error
        finally:
            self._turn.release()

    async def _ready_server(self) -> OpenAiModel:
        self._wanted.set()
        if self._server is not None:
            return self._server
        failures = self._failures
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._news:
                await self._news.wait_for(lambda: self._server is not None or self._failures != failures)
        except TimeoutError as error:
            raise ModelError(self._not_yet(), code="not_ready") from error
        if self._server is None:
            raise ModelError(self._fault.message, code=self._fault.code, detail=self._fault.detail)
        return self._server

    async def _is_noticed(self, server: OpenAiModel | None) -> None:
        """Wait a moment until the keeper sees that the child died: the next question is for its successor."""
        try:
            async with asyncio.timeout(NOTICE_SECONDS), self._news:
                await self._news.wait_for(lambda: self._server is not server)
        except TimeoutError:
            logger.warning("the embedded model broke off an answer, but its process runs on")

    def _not_yet(self) -> str:
        done, total = self.fetched
        if self.state != "fetching":
            return "The embedded model is still being loaded. Ask again in a moment."
        share = f"{done // 1_000_000} of {total // 1_000_000} MB" if total else f"{done // 1_000_000} MB"
        return f"The embedded model is still being fetched ({share} so far). Ask again in a moment."

    async def _keep(self) -> None:
        """Run the child for as long as the model is there, and start it again when it dies."""
        clock = asyncio.get_running_loop().time
        in_a_row = 0
        while True:
            await self._wanted.wait()
            began = clock()
            fault = await self._attempt()
            in_a_row = 1 if clock() - began > STEADY_SECONDS else in_a_row + 1
            is_over = fault.code != "model_died" or in_a_row >= FAILURES  # else people wait for the next child
            is_news = in_a_row == 1 or fault.for_operators != self._fault.for_operators  # offline it is always the same
            is_told = fault.code == WeightsError.code  # by what fetches
            level = logging.WARNING if is_news and not is_told else logging.DEBUG
            logger.log(level, "%s (failure %d in a row)", fault.for_operators, in_a_row)
            async with self._news:
                self._server, self._fault, self.pid = None, fault, None
                self._failures += is_over
                self.state = "failed"
                if in_a_row >= FAILURES:
                    self._wanted.clear()
                self._news.notify_all()
            await asyncio.sleep(self._pause_seconds * 2 ** min(in_a_row - 1, 6))

    async def _attempt(self) -> ModelError:
        """Serve for as long as that goes well; returns what to tell people once it has ended."""
        try:
            return await self._serve()
        except WeightsError as error:
            return ModelError(NOT_FETCHED, code=error.code, detail=error.for_operators)
        except HubbubError as error:
            return ModelError(NOT_STARTED, code="not_ready", detail=error.for_operators)
        except (OSError, TimeoutError, ValueError, msgspec.DecodeError) as error:
            why = str(error) or type(error).__name__
            return ModelError(NOT_STARTED, code="not_ready", detail=f"The embedded model can't be started ({why}).")
        except Exception:  # a bug in getting the file must not leave people waiting
            logger.exception("the embedded model can't be started")
            return ModelError("The embedded model can't be started; the log says why.", code="not_ready")

    async def _serve(self) -> ModelError:
        """Fetch, load and serve; returns what to tell people once the child has died."""
        self.state = "fetching"
        path = await self._fetch(self._note)
        self.state = "loading"
        package = str(Path(hubbub.__file__).parent.parent)
        search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        async with Child(self._program, environment={**os.environ, "PYTHONPATH": search}) as child:
            self.pid = child.pid
            key = Secret(secrets.token_hex(16))
            job = Job(str(path), key.reveal(), self._parallel, self.card.context_tokens, self._threads)
            async with asyncio.timeout(LOAD_SECONDS):
                await child.write_line(msgspec.json.encode(job))
                line = await child.read_line()
                if not line:
                    await child.wait()
                    raise OSError(_last_line(child.last_words) or f"it ended with exit code {child.exit_code}")
                answer = msgspec.json.decode(line, type=Ready | Refused)
                if isinstance(answer, Refused):
                    return ModelError(NOT_STARTED, code="not_ready", detail=answer.message)
                await self._healthy(answer.url)
            await self._use(answer.url, key)
            logger.info("the embedded model %s is ready", self.card.name)
            code = await child.wait()
            return ModelError(ENDS, code="model_died", detail=f"The embedded model's process ended (exit code {code}).")

    async def _use(self, url: str, key: Secret) -> None:
        """Take the server at this address from now on."""
        address = Address(f"{url}/v1", self.card.name, "The embedded model", ApiKey(key))
        async with self._news:
            self._place = (url, key)
            self._server = OpenAiModel(address, self.card, self._http, self._limits)
            self.state = "ready"
            self._news.notify_all()

    async def _healthy(self, url: str) -> None:
        while True:
            try:
                status, _ = await self._http.get(f"{url}/health", seconds=5)
                if status == 200:
                    return
            except (Unreachable, BrokenOff) as error:
                logger.debug("the embedded model is not there yet: %s", error)
            await asyncio.sleep(0.1)

    def _note(self, done_bytes: int, total_bytes: int | None) -> None:
        self.fetched = (done_bytes, total_bytes)


def _possible(how: Generation) -> Generation:
    """Return what of it such a model can do: it calls no tools, and doesn't reason."""
    return Generation(
        max_tokens=how.max_tokens,
        temperature=TEMPERATURE if how.temperature is None else how.temperature,
        top_p=how.top_p,
        stop=how.stop,
        seed=how.seed,
        presence_penalty=how.presence_penalty,
        frequency_penalty=how.frequency_penalty,
        response_format=how.response_format,
    )


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
