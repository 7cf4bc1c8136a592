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

    @property
    def is_node(self) -> bool:
        """Whether it runs in Node."""
        return self.program.endswith(".mjs")


_NO_STORE = ("file_search and functions", "handoff", "background")
_SMALL = (*_NO_STORE, "refusal", "pdf", "batch of 100", "cancel")

CLIENTS = (
    Client("openai-python", "openai_python.py", without=("handoff",)),
    Client("AzureOpenAI", "azure_python.py", without=(*_NO_STORE, "pdf", "picture", "batch of 100", "cancel")),
    Client("openai-node", "openai_node.mjs", ("openai",), without=("handoff", "batch of 100")),
    Client("AI SDK, openai", "ai_sdk.mjs", ("ai", "@ai-sdk/openai", "zod"), without=("handoff", "background")),
    Client(
        "AI SDK, compatible",
        "ai_sdk_compatible.mjs",
        ("ai", "@ai-sdk/openai-compatible", "zod"),
        without=(*_NO_STORE, "refusal"),
    ),
    Client("openai-agents", "agents.py", ("openai-agents",), without=("background", "refusal")),
    Client("LangChain", "langchain.py", ("langchain-openai",), without=("handoff", "background", "cancel")),
    Client("LlamaIndex", "llama_index.py", ("llama-index-llms-openai-like",), without=_SMALL),
    Client("pydantic-ai", "pydantic_ai_program.py", ("pydantic-ai-slim[openai]",), without=(*_NO_STORE, "batch of 100")),
    Client("litellm", "litellm_program.py", ("litellm",), without=(*_NO_STORE, "batch of 100", "cancel")),
    Client("instructor", "instructor_program.py", ("instructor",), without=tuple(set(CELLS) - {"structured", "streamed"})),
    Client("llm", "llm_program.py", ("llm",), without=tuple(set(CELLS) - {"two turns", "streamed", "loop of three"})),
)
