"""Read OpenAI's requests for embeddings, and write the vectors as it does."""

import base64
import struct
from collections.abc import AsyncIterable, Sequence
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from hubbub.app.embeddings import Embeddings
from hubbub.app.model_names import CODE
from hubbub.core.documents import Vector
from hubbub.core.errors import BadParam, NotFound
from hubbub.core.tokens import CHARACTERS_PER_TOKEN

MOST_TEXTS = 2_048
MOST_NUMBERS = 2**20
"""Of all vectors of a reply together: as JSON that is some 20 MB."""


class EmbeddingRequest(msgspec.Struct, frozen=True):
    """Texts to be embedded. Fields that are not among these are left out."""

    model: str | None = None
    input: Annotated[Any, Meta(description="A text, or a list of texts")] = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int | None, Meta(description="What the model has, or left out")] = None


class EmbeddingUsage(msgspec.Struct, frozen=True):
    """About how many tokens the texts have."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingObject(msgspec.Struct, frozen=True):
    """A text's vector: numbers, or the bytes of float32 in little-endian order as base64."""

    index: int
    embedding: list[float] | str
    object: Literal["embedding"] = "embedding"


class EmbeddingList(msgspec.Struct, frozen=True):
    """The vectors, in the order of the texts."""

    data: list[EmbeddingObject]
    model: str
    usage: EmbeddingUsage
    object: Literal["list"] = "list"


class WrittenList(msgspec.Struct, frozen=True):
    """An `EmbeddingList` whose parts are JSON already: all at once they would hold up the event loop."""

    data: list[msgspec.Raw]
    model: str
    usage: EmbeddingUsage
    object: Literal["list"] = "list"


def texts_of(body: EmbeddingRequest, embeddings: Embeddings) -> list[str]:
    """Return the texts of a request that can be met.

    Raises:
        NotFound: it names another model.
        BadParam: it can't be met as it is.
    """
    name, embedder = embeddings.name, embeddings.embedder
    if not body.model:
        raise BadParam(f"A model has to be named: {name!r}.", "model")
    if body.model not in (name, embedder.name):
        raise NotFound(f"No model named {body.model[:100]!r} makes embeddings here. There is: {name!r}.", code=CODE)
    if body.dimensions not in (None, embedder.dimensions):
        message = f"{name} makes vectors of {embedder.dimensions} numbers; leave dimensions out."
        raise BadParam(message, "dimensions")
    texts = [body.input] if isinstance(body.input, str) else body.input
    if not isinstance(texts, list):
        raise BadParam("input has to be a text or a list of texts.", "input", code="invalid_type")
    texts = cast(list[object], texts)
    most = min(MOST_TEXTS, MOST_NUMBERS // embedder.dimensions)
    if not 0 < len(texts) <= most:
        raise BadParam(f"input has {len(texts):,} texts; there can be 1 to {most:,}.", "input")
    return [_text(text, "input" if isinstance(body.input, str) else f"input[{i}]") for i, text in enumerate(texts)]


async def written(
    model: str, texts: Sequence[str], pieces: AsyncIterable[Sequence[Vector]], *, is_base64: bool
) -> WrittenList:
    """Return the list of the texts' vectors, which come in pieces. Each is made JSON of as it comes."""
    found: list[msgspec.Raw] = []
    async for vectors in pieces:
        for vector in vectors:
            number = base64.b64encode(vector).decode() if is_base64 else _numbers(vector)
            found.append(msgspec.Raw(msgspec.json.encode(EmbeddingObject(len(found), number))))
    tokens = sum(len(text) // CHARACTERS_PER_TOKEN + 1 for text in texts)
    return WrittenList(found, model, EmbeddingUsage(tokens, tokens))


def _text(text: object, where: str) -> str:
    if isinstance(text, (int, list)):
        message = "Tokens can't be embedded: they are numbers of another model's vocabulary. Send texts."
        raise BadParam(f"{where}: {message}", where, code="invalid_type")
    if not isinstance(text, str):
        raise BadParam(f"{where} has to be a text.", where, code="invalid_type")
    if not text.strip():
        raise BadParam(f"{where} is empty.", where)
    return text


def _numbers(vector: Vector) -> list[float]:
    return list(struct.unpack(f"<{len(vector) // 4}f", vector))
