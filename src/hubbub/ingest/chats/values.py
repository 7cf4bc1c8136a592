"""Take values out of JSON of which nothing is sure."""

import math
import time
from collections.abc import Mapping
from typing import Any, cast

FIRST_SECONDS = 631_152_000.0
"""The beginning of 1990: no chat is older."""


def fields_of(value: object) -> Mapping[str, Any]:
    """Return an object's fields; none where it is something else."""
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def items_of(value: object) -> list[Any]:
    """Return a list; an empty one where it is something else."""
    return cast(list[Any], value) if isinstance(value, list) else []


def string_of(value: object) -> str:
    """Return a text as databases take it: halves of characters and NULs are replaced; none where it is no text."""
    return value.encode(errors="replace").decode().replace("\0", "�") if isinstance(value, str) else ""


def line_of(value: object, most: int = 200) -> str:
    """Return a text as one line of so many characters at most."""
    return " ".join(string_of(value)[: 4 * most].split())[:most].strip()


def key_of(value: object) -> str | None:
    """Return what names something; None where nothing does."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return string_of(str(value))[:200] or None


def seconds_of(value: object) -> float | None:
    """Return a time in seconds since the epoch, however fine it was told; None where it can't be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    if not math.isfinite(seconds):
        return None
    while seconds > 1e11:  # milliseconds, microseconds or nanoseconds
        seconds /= 1000
    return seconds if FIRST_SECONDS <= seconds <= time.time() + 60 else None


def was_here(what: str, name: object = "") -> str:
    """Return the line that stands for something that is not here."""
    named = line_of(name).replace("[", "(").replace("]", ")")
    return f"[{what} was here: {named}]" if named else f"[{what} was here.]"


def fenced(text: str, language: str = "") -> str:
    """Return a text as a block of code, whatever stands in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language if language.isalnum() else ''}\n{text.rstrip()}\n{fence}"


def below_each_other(texts: list[str]) -> str:
    """Return those texts that say something as paragraphs."""
    return "\n\n".join([text.strip("\n") for text in texts if text.strip()])
