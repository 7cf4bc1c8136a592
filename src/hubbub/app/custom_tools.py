"""Read the tools that models may call; custom ones, which take a text of any form, are functions of one text."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import msgspec

from hubbub.app.messages import CUSTOM, INPUT, Able, mapping_at, shown, string_at
from hubbub.core.errors import BadParam
from hubbub.core.messages import JsonObject


def function_of(custom: Mapping[str, object], where: str) -> JsonObject:
    """Return the function, in the form of chat completions, that a model gets for what describes a custom tool.

    Its grammar stands in its format, as Responses have it, or one level deeper, as chat completions do.

    Raises:
        BadParam: it has not the form of one.
    """
    name = string_at(custom, "name", where)
    text: JsonObject = {"type": "string"}
    form = custom.get("format")
    if form is not None:
        place = f"{where}.format"
        wished = mapping_at(form, place)
        if wished.get("type") == "grammar":  # nothing here holds a model to it
            if wished.get("grammar") is not None:
                place = f"{place}.grammar"
                wished = mapping_at(wished["grammar"], place)
            syntax, grammar = (string_at(wished, one, place) for one in ("syntax", "definition"))
            text["description"] = f"A text of the form that this grammar ({syntax}) describes:\n{grammar}"
    parameters = {"type": "object", "properties": {INPUT: text}, "required": [INPUT], "additionalProperties": False}
    described = {"description": custom["description"]} if custom.get("description") is not None else {}
    return {"type": "function", "function": {"name": name, **described, "parameters": parameters}}


def custom_names(tools: Iterable[object]) -> frozenset[str]:
    """Return the names of the custom tools among tools, in the form of Responses or of chat completions."""
    found: set[str] = set()
    for tool in tools:
        if isinstance(tool, dict) and (fields := cast(JsonObject, tool)).get("type") == CUSTOM:
            within = fields.get(CUSTOM)
            found.add(str((cast(JsonObject, within) if isinstance(within, dict) else fields).get("name")))
    return frozenset(found)


def input_of(arguments: str) -> str:
    """Return the text that a custom tool is called with: all that the model wrote, where that has another form."""
    try:
        fields = msgspec.json.decode(arguments, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError):
        return arguments
    found = fields.get(INPUT) if fields else ""
    return found if isinstance(found, str) else arguments


def read_tools(tools: Sequence[object], able: Able, *, where: str = "tools") -> tuple[dict[str, object], ...]:
    """Return the functions that a model gets for tools in the form of chat completions.

    Raises:
        BadParam: there are tools, and they are not for this model; or one is neither a function nor a custom tool.
    """
    if tools and not able.calls_tools:
        raise BadParam(f"{able.name} calls no tools. Leave {where} out, or ask another model.", where)
    found: list[dict[str, object]] = []
    for number, tool in enumerate(tools):
        place = f"{where}[{number}]"
        fields = mapping_at(tool, place)
        if fields.get("type") == CUSTOM:
            found.append(function_of(mapping_at(fields.get(CUSTOM), f"{place}.{CUSTOM}"), f"{place}.{CUSTOM}"))
            continue
        if fields.get("type") != "function":
            kind = shown(fields.get("type"))
            raise BadParam(f"{place} is a tool of the type {kind}; there are functions and custom tools.", place)
        string_at(mapping_at(fields.get("function"), f"{place}.function"), "name", f"{place}.function")
        found.append(dict(fields))
    return tuple(found)
