"""The tables of back ends of one's own: what each of them is told is its own business."""

from pydantic import Field

from hubbub.settings.table import Table, Text, Told


class Chosen(Table):
    """A back end of which there may be several, and what it is told."""

    backend: Text
    """Its class as "package.module:Class", or the name that an installed package gives it."""
    settings: Told = Field(default_factory=dict)
    """What it is told."""


class Backends(Table):
    """What back ends of your own are told: a table each, which its class checks. Those of Hubbub take none."""

    search: Told = Field(default_factory=dict)
    """For the search that `search.backend` names."""
    history: Told = Field(default_factory=dict)
    """For the history that `history.backend` names."""
    sessions: Told = Field(default_factory=dict)
    """For what `history.sessions` names."""
    answers: Told = Field(default_factory=dict)
    """For the store that `history.answers` names."""
    identity: Told = Field(default_factory=dict)
    """For the identity that `identity.backend` names."""
    keys: Told = Field(default_factory=dict)
    """For what `identity.keys` names."""
    embedder: Told = Field(default_factory=dict)
    """For the embedder that `embeddings.backend` names."""
    loaders: dict[Text, Chosen] = Field(default_factory=dict)
    """Loaders of documents, by names of your choice, each with `backend` and `settings`. One that takes a suffix that
    Hubbub reads itself goes before it."""
    dialects: dict[Text, Chosen] = Field(default_factory=dict)
    """Wire formats in which programs ask, by names of your choice, each with `backend` and `settings`."""
