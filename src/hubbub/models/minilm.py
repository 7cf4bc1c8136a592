"""Embed texts with all-MiniLM-L6-v2 (int8, ONNX) in this process, on two threads of its own."""

import asyncio
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

from hubbub.connections.threads import BEHIND, stand_back
from hubbub.core.documents import Vector
from hubbub.core.errors import ModelError

NAME = "all-MiniLM-L6-v2-int8"
DIMENSIONS = 384
LANGUAGES = frozenset({"en"})
MAX_TOKENS = 256
MAX_CHARACTERS = 8_192
"""More than 256 tokens of any text: the rest isn't even tokenized."""
BATCH_CHARACTERS = 512
"""About 128 padded tokens. Questions of 13 tokens cost 3.7 ms one by one and 2.0 ms eight at once; passages of
127 tokens cost 19 ms one by one, 22 eight at once and 54 thirty-two at once (2 cores, AVX2, CPU ms each)."""
REMEMBERED = 4_096
REMEMBERED_CHARACTERS = 1_000
"""The vectors of the last urgent texts are kept, unless they are longer: 7 MB, and as much again of texts at the most.
A question is embedded for its search and again beside the sentences that may answer it, and these come up again."""
MAX_WAITING = 1_024
SLICE = 16
BACKGROUND_NICENESS = 10

Run: TypeAlias = Callable[[Sequence[str]], list[Vector]]


class MiniLmEmbedder:
    """An embedder for English: mean pooling, L2-normalised, 384 dimensions, the first 256 tokens of a text.

    Urgent texts have a thread of their own, which takes what has come in while it was busy in one
    batch, and leaves the processor to the event loop (on Linux); the others wait for both.
    """

    def __init__(self, model_path: Path, tokenizer_path: Path) -> None:
        self._model_path = model_path
        self._tokenizer_path = tokenizer_path
        self._session: Any = None
        self._tokenizer: Any = None
        self._numpy: Any = None
        self._remembered: OrderedDict[str, Vector] = OrderedDict()
        self._urgent = _Thread("embed-urgent", self._run, niceness=BEHIND)
        self._background = _Thread("embed-background", self._run, niceness=BACKGROUND_NICENESS)

    @property
    def name(self) -> str:
        return NAME

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    @property
    def languages(self) -> frozenset[str]:
        return LANGUAGES

    async def __aenter__(self) -> Self:
        try:
            await self._urgent.call(self._load)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def embed(self, texts: Sequence[str], *, is_urgent: bool = False) -> list[Vector]:
        if not is_urgent:
            return await self._embedded(self._background, texts)
        known = {text: self._remembered[text] for text in texts if text in self._remembered}
        unknown = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(unknown, await self._embedded(self._urgent, unknown), strict=True))
        for text, vector in known.items():
            if len(text) <= REMEMBERED_CHARACTERS:
                self._remembered[text] = vector
                self._remembered.move_to_end(text)
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return [known[text] for text in texts]

    async def _embedded(self, thread: "_Thread", texts: Sequence[str]) -> list[Vector]:
        vectors: list[Vector] = []
        for start in range(0, len(texts), SLICE):
            futures = thread.submit(texts[start : start + SLICE])
            vectors += await asyncio.gather(*map(asyncio.wrap_future, futures))
        return vectors

    async def _close(self) -> None:
        await self._urgent.close()
        await self._background.close()
        self._session = self._tokenizer = None

    def _load(self) -> None:
        try:
            import numpy
            import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
            import tokenizers
        except ImportError as error:
            raise ModelError(
                f"The embedded search needs a part that is not installed ({error.name}). "
                "Run: pip install 'hubbub[embedded]'",
                code="not_installed",
                retryable=False,
            ) from error
        options = cast(Any, onnxruntime).SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            tokenizer = cast(Any, tokenizers).Tokenizer.from_file(str(self._tokenizer_path))
            session = cast(Any, onnxruntime).InferenceSession(
                str(self._model_path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise what they like, bare Exception among it
            raise ModelError(
                "The embedding model can't be read, so the search can't go by meanings.",
                detail=f"The embedding model can't be read from {self._model_path} and {self._tokenizer_path} "
                f"({error}). Delete these files, so that they are fetched anew.",
                code="unreadable",
                retryable=False,
            ) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        self._numpy, self._tokenizer, self._session = numpy, tokenizer, session

    def _run(self, texts: Sequence[str]) -> list[Vector]:
        """Embed one batch, on the thread that calls."""
        np = self._numpy
        tokens = [self._tokenizer.encode(text[:MAX_CHARACTERS]).ids for text in texts]
        ids = np.zeros((len(tokens), max(map(len, tokens))), np.int64)
        mask = np.zeros_like(ids)
        for row, numbers in enumerate(tokens):
            ids[row, : len(numbers)] = numbers
            mask[row, : len(numbers)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (states,) = self._session.run(None, inputs)
        sums = (states * mask[:, :, None]).sum(axis=1)  # the mean's divisor falls out with the norm
        vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return [vector.tobytes() for vector in vectors.astype("<f4")]


class _Thread:
    """One thread and a bounded queue of texts; what waits together and is short goes in one batch."""

    def __init__(self, name: str, run: Run, *, niceness: int) -> None:
        self._pool = ThreadPoolExecutor(1, name, initializer=stand_back, initargs=(niceness,))
        self._run = run
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, Future[Vector]]] = deque()
        self._is_running = False
        self._is_closed = False

    def submit(self, texts: Sequence[str]) -> list[Future[Vector]]:
        futures: list[Future[Vector]] = [Future() for _ in texts]
        with self._lock:
            if self._is_closed:
                raise ModelError("The embedding model is closed.", code="closed", retryable=False)
            if len(self._waiting) + len(texts) > MAX_WAITING:
                raise ModelError("Too many texts wait to be embedded. Try again in a few seconds.", code="busy")
            self._waiting.extend(zip(texts, futures, strict=True))
            if not self._is_running:
                self._is_running = True
                self._pool.submit(self._drain)
        return futures

    async def call(self, work: Callable[[], None]) -> None:
        """Run something else on the thread, behind what is in hand."""
        await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def close(self) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
        for _, future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(ModelError("The embedding model was closed.", code="closed", retryable=False))
        await self.call(lambda: None)
        self._pool.shutdown(wait=False)

    def _drain(self) -> None:
        while batch := self._take():
            wanted = [(text, future) for text, future in batch if future.set_running_or_notify_cancel()]
            if not wanted:
                continue
            try:
                vectors = self._run([text for text, _ in wanted])
            except Exception as error:  # noqa: BLE001 - the runtime raises what it likes; who waits must hear of it
                failure = ModelError(
                    "The embedding model failed.", code="failed", detail=f"The embedding model failed: {error}"
                )
                failure.__cause__ = error
                for _, future in wanted:
                    future.set_exception(failure)
            else:
                for (_, future), vector in zip(wanted, vectors, strict=True):
                    future.set_result(vector)

    def _take(self) -> list[tuple[str, Future[Vector]]]:
        """Take the next batch; when there is none, the next `submit` starts the thread again."""
        batch: list[tuple[str, Future[Vector]]] = []
        longest = 0
        with self._lock:
            while self._waiting:
                longest = max(longest, len(self._waiting[0][0]))
                if batch and longest * (len(batch) + 1) > BATCH_CHARACTERS:
                    break
                batch.append(self._waiting.popleft())
            self._is_running = bool(batch)
        return batch
