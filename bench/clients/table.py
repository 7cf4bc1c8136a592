"""The clients: what to install for each, which program tries it, and which cells mean nothing for it."""

from dataclasses import dataclass

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
    without: tuple[str, ...] = ()
    """Cells that mean nothing for it."""
    is_of_npm: bool = False
    """Whether npm installs it."""


_NO_STORE = ("file_search and functions", "handoff", "background")
_SMALL = (*_NO_STORE, "refusal", "pdf", "batch of 100", "cancel")


def _all_but(*cells: str) -> tuple[str, ...]:
    return tuple(cell for cell in CELLS if cell not in cells)


CLIENTS = (
    Client("openai-python", "openai_python_program.py", without=("handoff",)),
    Client("AzureOpenAI", "azure_program.py", without=("handoff", "batch of 100")),
    Client("openai-node", "openai_node.mjs", ("openai",), ("handoff", "batch of 100"), is_of_npm=True),
    Client("AI SDK, openai", "ai_sdk.mjs", ("ai", "@ai-sdk/openai", "zod"), ("handoff", "background"), is_of_npm=True),
    Client(
        "AI SDK, compatible",
        "ai_sdk_compatible.mjs",
        ("ai", "@ai-sdk/openai-compatible", "zod"),
        without=(*_NO_STORE, "refusal"),
        is_of_npm=True,
    ),
    Client("openai-agents", "agents_program.py", ("openai-agents",), without=("background", "refusal")),
    Client("LangChain", "langchain_program.py", ("langchain-openai",), without=("handoff", "background", "cancel")),
    Client("LlamaIndex", "llama_index_program.py", ("llama-index-llms-openai-like",), without=_SMALL),
    Client(
        "pydantic-ai", "pydantic_ai_program.py", ("pydantic-ai-slim[openai]",), without=(*_NO_STORE, "batch of 100")
    ),
    Client("litellm", "litellm_program.py", ("litellm",), without=(*_NO_STORE, "batch of 100", "cancel")),
    Client("instructor", "instructor_program.py", ("instructor",), without=_all_but("structured", "streamed")),
    Client("Codex CLI", "codex_program.py", ("@openai/codex",), without=_all_but("two turns"), is_of_npm=True),
    Client("llm", "llm_program.py", ("llm",), without=_all_but("two turns", "streamed", "loop of three")),
    Client("haystack", "haystack_program.py", ("haystack-ai",), without=("refusal", "handoff", "background")),
    Client(
        "aider",
        "aider_program.py",
        ("aider-chat",),
        without=_all_but("two turns", "streamed", "picture", "documents", "errors"),
    ),
    Client(
        "promptfoo",
        "promptfoo_program.py",
        ("promptfoo",),
        without=("streamed", "loop of three", "handoff", "background", "cancel"),
        is_of_npm=True,
    ),
)
