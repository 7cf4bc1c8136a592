"""Write queries for Azure AI Search: words that are only words, filters whose values are only values."""

import re
from collections.abc import Iterable, Mapping, Sequence
from struct import unpack
from typing import Any

import msgspec

from hubbub.core.documents import Retrieval, Vector
from hubbub.core.people import Reader, claims_of, ids_of
from hubbub.search.azure_place import AzureIndex

EMBEDDING = "embedding"
"""The field of the vectors in an index of Hubbub's own."""
SEARCHED = ("title", "heading", "text")
"""The fields of such an index whose words are searched."""
DEPTH = 50
"""How far each ranking is read before the service fuses them; its ranker looks at as many."""
NEIGHBOURS = 50
"""How many nearest vectors are fused with the words' ranking; the service's own advice for its ranker."""
REWRITES = "generative|count-5"
MAX_DEPTH = 1_000
"""The service gives no more hits a page than these."""
MAX_WORDS = 64
"""A query of more than 1,024 clauses is refused, and each searched field makes one of each word."""
MAX_CHARACTERS = 2_000

_OPERATORS = re.compile(r"[+\-|!(){}\[\]^\"~*?:\\/&'\x00-\x1f]+")
"""What the service's query syntax gives a meaning: "-cats" would find all that has no cats in it."""


class Found(msgspec.Struct, frozen=True):
    """What the service found."""

    fields: Mapping[str, Any]
    score: float
    reranker_score: float | None
    caption: str


class Ask(msgspec.Struct, frozen=True):
    """A query, as the service is asked it."""

    query: str
    """As it was asked, for the service's ranker and its own embedder."""
    words: str
    """What is searched as words; empty searches none."""
    vector: Vector | None
    is_embedded_there: bool
    """Whether the service makes the query's vector, with the index's own vectorizer."""
    where: str
    """The filter; empty lets all pass."""
    depth: int
    ranker: str
    """The name of the semantic configuration; empty leaves the ranker out."""
    has_captions: bool
    language: str
    """The language that the service shall write the query anew in; empty leaves it as it is."""

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing: what has no words to search finds everything, in the service's eyes."""
        return not (self.words or self.vector or self.is_embedded_there)


def ask(
    query: str,
    retrieval: Retrieval,
    *,
    vector: Vector | None,
    is_embedded_there: bool,
    where: Sequence[str],
    limit: int,
    ranker: str,
    language: str,
) -> Ask:
    """Return the query that a retrieval asks for; `ranker` and `language` say what it may use, if anything."""
    return Ask(
        query=query[:MAX_CHARACTERS],
        words=plain_words(query) if retrieval.mode != "vectors" else "",
        vector=vector if retrieval.mode != "text" else None,
        is_embedded_there=is_embedded_there and retrieval.mode != "text",
        where=" and ".join(where),
        depth=min(max(DEPTH, limit), MAX_DEPTH),
        ranker=ranker,
        has_captions=bool(ranker) and retrieval.semantic_captions,
        language=language if ranker and retrieval.query_rewriting else "",
    )


def query_body(ask: Ask, *, select: Sequence[str], embedding: str, searched: Sequence[str] = ()) -> dict[str, object]:
    """Return the body that `docs/search.post.search` takes; `embedding` and `searched` name the fields looked in."""
    body: dict[str, object] = {"select": ",".join(select), "top": ask.depth}
    if ask.where:
        body["filter"] = ask.where
    if ask.words:
        body["search"] = ask.words
        if searched:
            body["searchFields"] = ",".join(searched)
    if ask.vector is not None:
        vector = {"kind": "vector", "vector": floats(ask.vector)}
        body["vectorQueries"] = [{**vector, "fields": embedding, "k": NEIGHBOURS}]
    elif ask.is_embedded_there:
        body["vectorQueries"] = [{"kind": "text", "text": ask.query, "fields": embedding, "k": NEIGHBOURS}]
    if ask.ranker:
        body |= {"queryType": "semantic", "semanticConfiguration": ask.ranker, "semanticQuery": ask.query}
    if ask.has_captions:
        body["captions"] = "extractive|highlight-false"
    if ask.language:
        body |= {"queryRewrites": REWRITES, "queryLanguage": ask.language}
    return body


def floats(vector: Vector) -> list[float]:
    """Return a vector as the service takes it."""
    return list(unpack(f"<{len(vector) // 4}f", vector))


def plain_words(query: str) -> str:
    """Return a query without anything that the service's syntax would take for an operator, each word once."""
    found = dict.fromkeys(_OPERATORS.sub(" ", query[: 4 * MAX_CHARACTERS]).split())
    return " ".join(list(found)[:MAX_WORDS])[:MAX_CHARACTERS]


def quoted(value: str) -> str:
    """Return a value as a literal of a filter (OData 4.01, 5.1.1.6.1: a quote in it is doubled)."""
    return "'" + value.replace("'", "''") + "'"


def among(field: str, values: Iterable[str]) -> str:
    """Return a filter for those that have one of these values in a field."""
    listed = sorted(set(values))
    if any("," in value or value != value.strip() for value in listed):  # it would end there, or lose its spaces
        return "(" + " or ".join(f"{field} eq {quoted(value)}" for value in listed) + ")"
    return f"search.in({field}, {quoted(','.join(listed))}, ',')"


def of_category(field: str, retrieval: Retrieval) -> list[str]:
    """Return the filters of a retrieval's categories."""
    included, excluded = retrieval.include_category, retrieval.exclude_category
    return [
        *([f"{field} eq {quoted(included)}"] if included else []),
        *([f"{field} ne {quoted(excluded)}"] if excluded else []),
    ]


_ENTRA = "aad:"
"""What the ids of Entra ID begin with where App Service announces them."""


def let_in(reader: Reader, oids: str, groups: str, *, has_unrestricted: bool, provider: str = "") -> list[str]:
    """Return the filter for what an index lets a reader see by its lists of people and groups; an empty name has none.

    Both are what one provider calls people and groups: another one's of the same name are others.
    What lists nobody was restricted by nobody, and is seen by all unless `has_unrestricted` is False.
    """
    lists = [name for name in (oids, groups) if name]
    if not lists or reader.reads_all:
        return []
    ids = [one.removeprefix(_ENTRA) for one in ids_of(reader, provider)]
    allowed = [f"{oids}/any(one: {among('one', ids)})"] if oids and ids else []
    if groups and (claims := list(claims_of(reader, provider))):
        allowed.append(f"{groups}/any(one: {among('one', claims)})")
    if has_unrestricted:
        allowed.append("(" + " and ".join(f"not {name}/any()" for name in lists) + ")")
    return [f"({' or '.join(allowed)})"] if allowed else [f"({lists[0]}/any() and not {lists[0]}/any())"]


def ranker_of(azure: AzureIndex, retrieval: Retrieval) -> str:
    """Return the semantic configuration that a retrieval is ranked by; empty where it is not ranked again."""
    is_wanted = azure.is_ranked if retrieval.semantic_ranker is None else retrieval.semantic_ranker
    return azure.semantic_configuration if is_wanted else ""


def is_worth(found: Found, retrieval: Retrieval) -> bool:
    """Tell whether what was found has the least scores; what was not ranked again has no score to compare."""
    least, least_reranked = retrieval.minimum_score, retrieval.minimum_reranker_score
    if least is not None and found.score < least:
        return False
    return least_reranked is None or found.reranker_score is None or found.reranker_score >= least_reranked
