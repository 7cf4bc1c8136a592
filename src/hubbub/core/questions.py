"""The words of a question: what is asked, of which model, over which documents, and how."""

import msgspec

from hubbub.core.documents import Hit, Retrieval
from hubbub.core.messages import JsonObject, Turn
from hubbub.core.people import Reader

__all__ = ["Generation", "Instructions", "JsonObject", "Question"]


class Generation(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a model is to write; None leaves it to whoever knows better. The names and values are the OpenAI wire's."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    reasoning_effort: str | None = None
    response_format: JsonObject | None = None
    tools: tuple[JsonObject, ...] = ()
    """Tools that the model may call; the calls are the asker's to make."""
    tool_choice: str | JsonObject | None = None
    parallel_tool_calls: bool | None = None
    extra: JsonObject = {}
    """Further fields for the model's server, which alone knows what they mean."""


class Instructions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model is told besides our own prompt, or in its place."""

    text: str
    replaces: bool = False


class Begun(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer that was cut off, to be gone on with: its text, and what that cites."""

    text: str
    query: str = ""
    hits: tuple[Hit, ...] = ()


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked: the text, what was said before it, of which model, over which collections (none: free chat)."""

    text: str
    turns: tuple[Turn, ...] = ()
    model: str | None = None
    collection_ids: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    """Pictures that were sent with the text, as `data:` URLs."""
    is_verbatim: bool = False
    """Whether in free chat the model reads `turns` and nothing else, as they are: then the question is among them."""
    is_plain: bool = False
    """Whether quotes are written as plain text: whoever asks may not read Markdown."""
    instructions: Instructions | None = None
    generation: Generation = Generation()
    retrieval: Retrieval | None = None
    hits: int | None = None
    """How many passages are looked for; None: as many as usual."""
    document_ids: tuple[str, ...] | None = None
    """The documents of the collections that alone are searched; None: all of them."""
    least_share: float = 0.0
    """Passages that score less than this share of the best one's are left out."""
    has_follow_ups: bool | None = None
    """Whether questions to go on with are suggested; None: as the prompt has it."""
    within_seconds: float | None = None
    """The time by which the answer has to be there, be it as far as it has come; None: as long as it takes."""
    wait_seconds: float | None = None
    """How long it waits for documents that are still being read; None: a while for a few, and not for many."""
    since: tuple[Turn, ...] = ()
    """Over documents: the tools that were called for this question so far, and what they returned."""
    continues: Begun | None = None
    """The answer that this one goes on with; it begins with the same text."""
    reader: Reader | None = None
    """Over documents: whose rights count when they are searched; None: they were not asked for by anybody."""
    quotes_only: bool = False
    """Over documents: whether passages are quoted because its asker may use no model that writes."""
    tells_prompts: bool = False
    """Whether what models are told becomes part of the log (`Prompted`)."""
    assistant_id: str = ""
    """The assistant that answers, which its asker needs the right to use; empty: none."""
    is_thorough: bool = False
    """Whether a model that writes may take the question apart and search several times, which takes longer."""
