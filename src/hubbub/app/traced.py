"""Let whatever takes a question in do so within a trace."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from hubbub.core.questions import Question
from hubbub.core.tracing import Tracing, current

P = ParamSpec("P")
R = TypeVar("R")


class _Traced(Protocol):
    tracing: Tracing


S = TypeVar("S", bound=_Traced)


def in_a_trace(
    ask: Callable[Concatenate[S, P], Awaitable[R]],
) -> Callable[Concatenate[S, P], Awaitable[R]]:
    """Return a method that begins a trace, which ends with it, or with the answer where it has started one."""

    @wraps(ask)
    async def within(self: S, /, *arguments: P.args, **named: P.kwargs) -> R:
        with self.tracing.begin("question"):
            return await ask(self, *arguments, **named)

    return within


def note_question(answer_id: str, deployment: str, question: Question) -> None:
    """Note on the trace which answer it is of, and which model is to make it."""
    traced = current()
    if not traced.is_recorded:
        return
    traced.set("hubbub.answer.id", answer_id)
    traced.set("hubbub.model", deployment)
    traced.text("hubbub.question", lambda: question.text)
