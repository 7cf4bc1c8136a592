"""Understand the overrides that the chat and search sample's page sends with a question."""

from collections.abc import Mapping, Sequence

import msgspec

from hubbub.core.documents import Collection, Retrieval, RetrievalMode
from hubbub.core.errors import Malformed, NotFound
from hubbub.core.questions import Generation, Instructions

MOST_HITS = 100
LANGUAGE_CHARACTERS = 50
INJECTS = ">>>"
"""A prompt template that begins so is added to our own prompt; any other stands in its place."""
IN_LANGUAGE = "Where the question does not show in which language to answer, answer in this one: {language}."

_TUNED = {
    "minimum_score": "minimum_search_score",
    "minimum_reranker_score": "minimum_reranker_score",
    "semantic_ranker": "semantic_ranker",
    "semantic_captions": "semantic_captions",
    "query_rewriting": "query_rewriting",
    "mode": "retrieval_mode",
}
"""Fields of a `Retrieval`, and the overrides that they come from."""
_FOR_WRITERS = ("prompt_template", "temperature", "seed", "language", "reasoning_effort")
_ASKS_FOR_NOTHING = {
    "retrieval_mode": "hybrid",
    "search_text_embeddings": True,
    "send_text_sources": True,
    "use_oid_security_filter": True,
    "use_groups_security_filter": True,
}
"""Overrides that are met anyway with this value. Others ask for nothing with None, False, 0 and an empty text."""


class Overrides(msgspec.Struct, frozen=True):
    """What is gone by. Everything else is accepted, and told as not applied."""

    prompt_template: str | None = None
    include_category: str | None = None
    exclude_category: str | None = None
    top: int | None = None
    temperature: float | None = None
    seed: int | None = None
    minimum_search_score: float | None = None
    minimum_reranker_score: float | None = None
    retrieval_mode: RetrievalMode | None = None
    semantic_ranker: bool | None = None
    semantic_captions: bool | None = None
    query_rewriting: bool | None = None
    reasoning_effort: str | None = None
    suggest_followup_questions: bool | None = None
    language: str | None = None


class Wishes:
    """The overrides of one question, as far as a search that `tunes` these fields of a `Retrieval` can meet them."""

    def __init__(self, given: Mapping[str, object], tunes: frozenset[str]) -> None:
        """Read them.

        Raises:
            Malformed: one of them is of a wrong type or out of its bounds; the message names it.
        """
        self.overrides = _read(given)
        self._given = given
        self._tunes = tunes

    def retrieval(self) -> Retrieval:
        """Return how passages are looked for: what the search has no means for is left out."""
        over = self.overrides
        wanted: dict[str, object] = {
            "mode": over.retrieval_mode,
            "minimum_score": over.minimum_search_score,
            "minimum_reranker_score": over.minimum_reranker_score,
            "include_category": over.include_category or None,
            "exclude_category": over.exclude_category or None,
            "semantic_ranker": over.semantic_ranker,
            "semantic_captions": over.semantic_captions,
            "query_rewriting": over.query_rewriting,
        }
        met = {name: value for name, value in wanted.items() if value is not None and name in self._tunes}
        return msgspec.convert(met, Retrieval)

    def narrowed(self, collections: Sequence[Collection]) -> list[Collection]:
        """Return the collections that are searched: where the search knows no categories, these name collections.

        Raises:
            NotFound: none is left.
        """
        left = list(collections)
        if (wanted := self.overrides.include_category) and "include_category" not in self._tunes:
            left = [one for one in left if wanted in (one.name, one.id)]
            if not left:
                raise NotFound(f"include_category: there is no collection {wanted[:100]!r} here for you.")
        if (unwanted := self.overrides.exclude_category) and "exclude_category" not in self._tunes:
            left = [one for one in left if unwanted not in (one.name, one.id)]
            if not left:
                raise NotFound(f"exclude_category: without {unwanted[:100]!r} there is nothing left to search.")
        return left

    def instructions(self, systems: Sequence[str]) -> Instructions | None:
        """Return what the model is told besides, or in place of, our prompt; `systems` are texts that were sent."""
        template = self.overrides.prompt_template or ""
        replaces = bool(template) and not template.startswith(INJECTS)
        language = " ".join((self.overrides.language or "").split())
        in_language = IN_LANGUAGE.format(language=language) if language else ""
        texts = [text for text in (template.removeprefix(INJECTS).strip(), *systems, in_language) if text]
        return Instructions("\n\n".join(texts), replaces) if texts else None

    def generation(self) -> Generation:
        """Return how the model is to write."""
        over = self.overrides
        return Generation(temperature=over.temperature, seed=over.seed, reasoning_effort=over.reasoning_effort or None)

    def not_applied(self) -> tuple[str, ...]:
        """Return the overrides that ask for something, and are not gone by."""
        unmet = {name for field, name in _TUNED.items() if field not in self._tunes}
        met = set(Overrides.__struct_fields__) - unmet
        wanted = [name for name, value in self._given.items() if _asks(name, value)]
        return tuple(name for name in wanted if name not in met)

    def for_writers(self) -> tuple[str, ...]:
        """Return those of the overrides given that only a model that writes can go by."""
        return tuple(name for name in _FOR_WRITERS if self._given.get(name) not in (None, ""))


def _asks(name: str, value: object) -> bool:
    usual = _ASKS_FOR_NOTHING.get(name)
    return value != usual if isinstance(usual, bool) and isinstance(value, bool) else bool(value) and value != usual


def _read(given: Mapping[str, object]) -> Overrides:
    try:
        over = msgspec.convert(given, Overrides)
    except msgspec.ValidationError as error:
        raise Malformed(f"context.overrides: {error}.") from error
    if over.top is not None and not 1 <= over.top <= MOST_HITS:
        raise Malformed(f"context.overrides: top has to be 1 to {MOST_HITS}.")
    if over.temperature is not None and not 0 <= over.temperature <= 2:
        raise Malformed("context.overrides: temperature has to be 0 to 2.")
    if len(over.language or "") > LANGUAGE_CHARACTERS:
        raise Malformed(f"context.overrides: language has to be at most {LANGUAGE_CHARACTERS} characters long.")
    return over
