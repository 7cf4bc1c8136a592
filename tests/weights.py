"""Where tests find the weights of embedded models."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def minilm_files() -> tuple[Path, Path]:
    """The embedding model and its tokenizer; skips the test where they are not to be had."""
    folder = os.environ.get("HUBBUB_TEST_MINILM_FOLDER")
    if folder is None:
        pytest.skip("HUBBUB_TEST_MINILM_FOLDER does not name a folder with model.onnx and tokenizer.json")
    return Path(folder) / "model.onnx", Path(folder) / "tokenizer.json"
