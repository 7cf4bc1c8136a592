"""The weights of the embedded models, for tests that run the real ones."""

import asyncio
import os
from pathlib import Path

import pytest

from hubbub.connections.http import Http
from hubbub.models.files import WeightsError
from hubbub.models.weights import CHAT, EMBEDDINGS, TOKENIZER, Weights, fetch
from hubbub.settings import Settings


def fetched(*files: Weights) -> list[Path]:
    """Return where the files are kept, fetched if they are not there; skips where they can't be had, but not in CI."""

    async def get() -> list[Path]:
        async with Http() as http:
            return [await fetch(file, Settings().server.cache_folder, http) for file in files]

    try:
        return asyncio.run(get())
    except WeightsError as error:
        reason = f"the embedded models' weights can't be fetched: {error.message}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def minilm_files() -> tuple[Path, Path]:
    """The embedding model and its tokenizer."""
    model, tokenizer = fetched(EMBEDDINGS, TOKENIZER)
    return model, tokenizer


@pytest.fixture(scope="session")
def chat_weights() -> Path:
    """The embedded language model."""
    return fetched(CHAT)[0]
