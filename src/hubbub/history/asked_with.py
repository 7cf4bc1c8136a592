"""Write down how a question was asked, as the histories keep it beside its text."""

import msgspec

from hubbub.core.messages import AskedWith, Message

FIRST = (float("inf"), "")
"""The place before a person's first chat."""
_USUAL = AskedWith()
_decoder = msgspec.json.Decoder(AskedWith)


def encoded(asked_with: AskedWith) -> str:
    """Return it as text; empty where there is nothing to say, as with nearly all questions."""
    return "" if asked_with == _USUAL else msgspec.json.encode(asked_with).decode()


def decoded(text: str) -> AskedWith:
    """Return what was written down."""
    return _decoder.decode(text) if text else _USUAL


def pictures_of(message: Message) -> list[str]:
    """Return the ids of the pictures that were sent with a question."""
    return [one.id for one in message.asked_with.attachments if one.kind == "picture"]
