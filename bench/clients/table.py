"""The clients: what to install for each, which program tries it, and which cells mean nothing for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CELLS = (
    *("two turns", "streamed", "loop of three", "parallel calls", "structured", "refusal", "picture", "pdf"),
    *("documents", "file_search and functions", "handoff", "background", "batch of 100", "errors", "cancel"),
)


@dataclass(frozen=True)
class Client:
    """A client. `packages` are installed into an environment of its own; one without is this checkout's own."""

    name: str
    program: str
    packages: tuple[str, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict[str, str])
    """Cells that mean nothing for it, each with the reason."""
    is_of_npm: bool = False
    """Whether npm installs it."""


_NO_HANDOFF = {"handoff": "it has no agents that hand over"}
_NO_BACKGROUND = {"background": "it has no call that comes back to an answer"}
_NO_SEARCH = {"file_search and functions": "it speaks chat completions alone, and search is a tool of Responses"}
_NO_CANCEL = {"cancel": "it reads each answer to its end"}
_OF_FORMS = "it fills in forms, and does nothing else"
_OF_TERMINAL = "it is a program for one person at a terminal"


def _each(reason: str, *cells: str) -> dict[str, str]:
    return dict.fromkeys(cells, reason)


CLIENTS = (
    Client("openai-python", "openai_python_program.py", without=_NO_HANDOFF),
    Client("AzureOpenAI", "azure_program.py", without=_NO_HANDOFF),
    Client("openai-node", "openai_node.mjs", ("openai",), _NO_HANDOFF, is_of_npm=True),
    Client(
        "AI SDK (openai)",
        "ai_sdk.mjs",
        ("ai", "@ai-sdk/openai", "zod"),
        _NO_HANDOFF | _NO_BACKGROUND,
        is_of_npm=True,
    ),
    Client(
        "AI SDK (compatible)",
        "ai_sdk_compatible.mjs",
        ("ai", "@ai-sdk/openai-compatible", "zod"),
        _NO_SEARCH | _NO_HANDOFF | _NO_BACKGROUND,
        is_of_npm=True,
    ),
    Client("openai-agents", "agents_program.py", ("openai-agents",), _NO_BACKGROUND),
    Client("LangChain", "langchain_program.py", ("langchain-openai",), _NO_HANDOFF | _NO_BACKGROUND),
    Client("LlamaIndex", "llama_index_program.py", ("llama-index-llms-openai-like",), _NO_BACKGROUND),
    Client("pydantic-ai", "pydantic_ai_program.py", ("pydantic-ai-slim[openai]",), _NO_HANDOFF),
    Client("litellm", "litellm_program.py", ("litellm",), _NO_HANDOFF),
    Client(
        "instructor",
        "instructor_program.py",
        ("instructor",),
        _each(_OF_FORMS, "loop of three", "file_search and functions", "handoff", "background"),
    ),
    Client(
        "Codex CLI",
        "codex_program.py",
        ("@openai/codex",),
        _each(_OF_TERMINAL, "handoff", "background", "batch of 100")
        | _each("it takes pictures alone along", "pdf")
        | _each("it has no search of files", "file_search and functions"),
        is_of_npm=True,
    ),
    Client(
        "llm",
        "llm_program.py",
        ("llm",),
        _each("its tools are Python functions alone", "file_search and functions") | _NO_HANDOFF | _NO_BACKGROUND,
    ),
    Client("haystack", "haystack_program.py", ("haystack-ai",), _NO_HANDOFF | _NO_BACKGROUND),
    Client(
        "aider",
        "aider_program.py",
        ("aider-chat",),
        _each(_OF_TERMINAL, "structured", "refusal", "handoff", "background", "batch of 100", "cancel")
        | _each("it calls no functions: edits stand in the text", "loop of three", "parallel calls")
        | _each("it takes pictures alone along", "pdf")
        | _NO_SEARCH,
    ),
    Client(
        "promptfoo",
        "promptfoo_program.py",
        ("promptfoo",),
        _NO_HANDOFF
        | _NO_BACKGROUND
        | _NO_CANCEL
        | _each("it asks each question whole, and once", "streamed", "loop of three"),
        is_of_npm=True,
    ),
)
