"""One frozen tree of settings, from defaults, `hubbub.toml`, HUBBUB_ variables and flags; later ones win."""

from hubbub.settings.load import load_settings
from hubbub.settings.models import Azure, Compatible, EmbeddingServer, ModelTable, OpenAi, OwnTable, Pool, Scripted
from hubbub.settings.table import Table
from hubbub.settings.tree import File, Settings

__all__ = [
    "Azure",
    "Compatible",
    "EmbeddingServer",
    "File",
    "ModelTable",
    "OpenAi",
    "OwnTable",
    "Pool",
    "Scripted",
    "Settings",
    "Table",
    "load_settings",
]
