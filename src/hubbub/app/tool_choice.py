"""Read which tools a model may call, and which it has to, in either form in which OpenAI's clients say so."""

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from hubbub.app.messages import mapping_at, shown, string_at
from hubbub.core.errors import BadParam
from hubbub.core.messages import JsonObject

PARAM = "tool_choice"
_WORDS = ("none", "auto", "required")


def choose(
    tools: tuple[JsonObject, ...], choice: str | JsonObject | None, custom: Collection[str] = ()
) -> tuple[tuple[JsonObject, ...], str | JsonObject | None]:
    """Return the tools that may be called, and the choice among them, in the form of chat completions.

    Allowed tools become the only ones there are: few servers know the word. `custom` are the names of those that are
    functions for the model alone.

    Raises:
        BadParam: the choice has no form that is known, or names a tool that is not there.
    """
    if choice is None or choice in _WORDS:
        return tools, choice
    if isinstance(choice, str):
        raise _unknown(choice)
    names = [_name(tool) for tool in tools]
    match choice.get("type"):
        case "function" | "custom" as kind if kind == "function" or custom:
            name = _name(choice)
            if name not in names or (name in custom) != (kind == "custom"):
                raise BadParam(f"{PARAM} names {shown(name)}, which is not among the tools.", PARAM)
            return tools, {"type": "function", "function": {"name": name}}
        case "allowed_tools":
            within = choice.get("allowed_tools")
            allowed = choice if within is None else mapping_at(within, f"{PARAM}.allowed_tools")
            mode = allowed.get("mode", "auto")
            if mode not in ("auto", "required"):
                raise BadParam(f"{PARAM}.mode is {shown(mode)}; there are auto and required.", PARAM)
            wanted = _names(allowed.get("tools"))
            if missing := sorted(wanted.difference(names)):
                raise BadParam(f"{PARAM} allows {shown(missing[0])}, which is not among the tools.", PARAM)
            return tuple(tool for tool, name in zip(tools, names, strict=True) if name in wanted), str(mode)
        case kind:
            raise _unknown(kind)


def _names(given: object) -> set[str]:
    """Return the names of the functions and custom tools in a list; others are not called by the model here."""
    if not isinstance(given, list):
        raise BadParam(f"{PARAM}.tools has to be a list.", PARAM, code="invalid_type")
    found = [mapping_at(one, f"{PARAM}.tools[{place}]") for place, one in enumerate(cast(Sequence[object], given))]
    return {_name(one) for one in found if one.get("type") in ("function", "custom")}


def _name(tool: Mapping[str, object]) -> str:
    for kind in ("function", "custom"):
        if isinstance(within := tool.get(kind), dict):
            return string_at(cast(JsonObject, within), "name", f"{PARAM}.{kind}")
    return string_at(tool, "name", PARAM)


def _unknown(given: object) -> BadParam:
    words = ", ".join(_WORDS)
    message = f"{PARAM} is {shown(given)}; there are {words}, a function, and allowed_tools."
    return BadParam(message, PARAM, code="invalid_type")
