"""Say what this server offers over HTTP beside the application itself."""

from dataclasses import dataclass
from typing import Literal, cast

from fastapi import Request


@dataclass(frozen=True)
class SamplePage:
    """What the page of the Azure sample is told that it may offer."""

    signs_in: bool = False
    """Whether people count as signed in there, by the cookie that they are known by here."""
    browser_history: bool = False


@dataclass(frozen=True)
class ProtocolChoices:
    """How programs are answered that speak the protocols of the chat samples, where their requests leave it open."""

    default: Literal["new", "old"] = "new"
    bare: Literal["chat", "documents"] = "chat"
    collections: tuple[str, ...] = ()
    has_history: bool = True


@dataclass(frozen=True)
class Choices:
    """What routes offer, and to whom."""

    protocols: ProtocolChoices = ProtocolChoices()
    sample_page: SamplePage = SamplePage()
    has_local_operators: bool = False
    """Whether whoever sits at the machine itself counts as an operator."""
    is_open_to_everybody: bool = False
    """Whether everybody is let in because the settings say so: the page tells it."""


def choices_of(request: Request) -> Choices:
    """Return what the server that serves a request offers."""
    return cast(Choices, request.app.state.choices)
