"""Where the embedded runtime is not installed, nothing is fetched for it and it is no model."""

import importlib.util
from pathlib import Path

import pytest

from hubbub.compose import can_embed_model, missing_packages, missing_weights, open_catalog, open_embedder
from hubbub.connections.http import Http
from hubbub.settings import Settings

RUNTIME = ("xllamacpp", "onnxruntime", "tokenizers")


@pytest.fixture
def _plain_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in RUNTIME else find(name))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folders = {"data_folder": tmp_path, "cache_folder": tmp_path / "cache"}
    return Settings.model_validate({"server": folders, "discovery": {"is_enabled": False}})


@pytest.mark.usefixtures("_plain_wheel")
async def test_a_plain_wheel_fetches_nothing_that_it_can_not_run(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    assert missing_weights(settings) == []
    assert not can_embed_model(settings)
    model, embeddings = missing_packages(settings)
    assert "xllamacpp" in model and "hubbub[embedded]" in model
    assert "onnxruntime, tokenizers" in embeddings and "numpy" not in embeddings
    async with Http() as http, open_catalog(settings, http) as catalog, open_embedder(settings, http) as embedder:
        assert catalog.names == ()
        assert embedder is None
    assert not (settings.server.cache_folder).exists()
    assert not any("in a row" in record.getMessage() for record in caplog.records)


def test_with_the_runtime_it_is_there(settings: Settings) -> None:
    assert can_embed_model(settings)
    assert missing_packages(settings) == []
    assert len(missing_weights(settings)) == 3
