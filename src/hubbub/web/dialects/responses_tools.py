"""Read what tools did that are not functions: in a history they are history, whoever ran them."""

from collections.abc import Sequence
from typing import cast

import msgspec

from hubbub.app.messages import Able, Content, read_content, string_at, turn_of
from hubbub.core.errors import BadParam
from hubbub.core.messages import Call, JsonObject, Turn

_CALL, _OUTPUT = "_call", "_output"
_WITHOUT_A_RESULT = ("mcp_list_tools", "mcp_approval_request", "mcp_approval_response")
"""What is no call, and says nothing that a model would need."""
_ASIDE = frozenset({"id", "type", "status", "call_id", "name", "namespace", "created_by", "caller"})
"""What stands in a call beside what it is called with."""
_PARTS = frozenset({"input_text", "output_text", "text", "refusal", "input_image", "image_url"})


def is_of_tools(kind: str) -> bool:
    """Tell whether an item is a call of a tool, its output, or what comes with them."""
    return kind.endswith((_CALL, _OUTPUT)) or kind in _WITHOUT_A_RESULT


def turns_of_tools(item: JsonObject, kind: str, where: str, able: Able) -> tuple[Turn, ...]:
    """Return what an item says to a model; nothing where a service ran the tool, and told the outcome in its message.

    Raises:
        BadParam: it has not the form of such an item.
    """
    if kind in _WITHOUT_A_RESULT:
        return ()
    if kind.endswith(_OUTPUT):
        return (turn_of("tool", _output(item, where, able), call_id=_call_id(item, where)),)
    if kind == "mcp_call":
        return _of_mcp(item, where)
    if not isinstance(item.get("call_id"), str):
        return ()
    name = item.get("name")
    called = name if isinstance(name, str) and name else kind.removesuffix(_CALL)
    return (Turn("assistant", "", calls=(Call(str(item["call_id"]), called, _arguments(item)),)),)


def _of_mcp(item: JsonObject, where: str) -> tuple[Turn, ...]:
    """Return a call that a service made, with its outcome: both stand in one item."""
    call_id, name, arguments = (string_at(item, one, where) for one in ("id", "name", "arguments"))
    outcome = item.get("output") if item.get("output") is not None else item.get("error")
    text = outcome if isinstance(outcome, str) else _as_json(outcome)
    called = Turn("assistant", "", calls=(Call(call_id, name, arguments),))
    return called, Turn("tool", text, call_id=call_id)


def _call_id(item: JsonObject, where: str) -> str:
    """Return the call that an output belongs to; the oldest shell names it by the id of the output itself."""
    return string_at(item, "call_id" if item.get("call_id") is not None else "id", where)


def _arguments(item: JsonObject) -> str:
    arguments = item.get("arguments")
    if isinstance(arguments, str):
        return arguments
    if isinstance(arguments, dict):
        return _as_json(arguments)  # pyright: ignore[reportUnknownArgumentType]
    return _as_json({name: value for name, value in item.items() if name not in _ASIDE and value is not None})


def _output(item: JsonObject, where: str, able: Able) -> Content:
    place = f"{where}.output"
    output: object = item.get("output", item.get("tools"))
    if output is None:
        raise BadParam(f"{where} has no output: what the tool returned.", where)
    address = _address(output)
    if isinstance(address, str):  # a picture of a screen
        return read_content([{"type": "input_image", "image_url": address}], place, "tool", able)
    if isinstance(output, str) or _is_of_parts(output):
        return read_content(output, place, "tool", able)
    return Content(_as_json(output))


def _address(output: object) -> object:
    return cast(JsonObject, output).get("image_url") if isinstance(output, dict) else None


def _is_of_parts(output: object) -> bool:
    parts = cast(Sequence[object], output) if isinstance(output, list) else ()
    return bool(parts) and all(
        isinstance(part, dict) and cast(JsonObject, part).get("type") in _PARTS for part in parts
    )


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
