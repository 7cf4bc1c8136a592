"""Read requests for responses: items become turns, flat tools nested ones; and write turns as items again."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from hubbub.app.messages import THOUGHT, Able, mapping_at, read_content, shown, string_at, without_idle_thought
from hubbub.core.answer import joined
from hubbub.core.errors import BadParam
from hubbub.core.messages import Call, Role, Turn
from hubbub.core.questions import Generation, JsonObject
from hubbub.web.dialects.responses import FILE_SEARCH, Echo
from hubbub.web.dialects.responses_items import unsealed

T = TypeVar("T")

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_CALL = frozenset({"id", "type", "status", "call_id", "name", "arguments"})
"""What a call holds; what else stands with it the model's server wants back."""
_FORMATS = ("text", "json_object", "json_schema")
_CHOICES = ("none", "auto", "required")
_MOST = 2**63 - 1


class Reasoning(msgspec.Struct, frozen=True):
    """How much the model is to think."""

    effort: str | None = None
    summary: str | None = None


class TextFormat(msgspec.Struct, frozen=True):
    """In which form the model is to write."""

    format: dict[str, Any] | None = None
    verbosity: str | None = None


class NewResponse(msgspec.Struct, frozen=True):
    """What is asked, as OpenAI's API has it. Other fields go on to the model's server, or are refused by name."""

    model: Annotated[str | None, Meta(description="As GET /v1/models lists them; the default one if not given")] = None
    input: Annotated[str | list[dict[str, Any]] | None, Meta(description="A text, or a list of items")] = None
    instructions: str | None = None
    previous_response_id: str | None = None
    stream: bool | None = None
    background: bool | None = None
    store: bool | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    text: TextFormat | None = None
    reasoning: Reasoning | None = None
    max_output_tokens: Annotated[int, Meta(ge=1, le=_MOST)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    truncation: Annotated[str, Meta(pattern="^(auto|disabled)$")] | None = None
    metadata: (
        Annotated[dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)]
        | None
    ) = None
    user: str | None = None
    include: list[str] | None = None
    stream_options: Annotated[Any, Meta(description="Left out: nothing of it changes what is streamed here")] = None
    messages: Annotated[Any, Meta(description="Not taken: these are `input` here")] = None
    conversation: Annotated[Any, Meta(description="Not taken: use `previous_response_id`")] = None
    prompt: Annotated[Any, Meta(description="Not taken: there are no stored prompts")] = None


class FileSearch(msgspec.Struct, frozen=True):
    """Which collections are to be searched, by their ids or names, and for how many passages."""

    vector_store_ids: Annotated[tuple[str, ...], Meta(min_length=1, max_length=50)]
    max_num_results: Annotated[int, Meta(ge=1, le=50)] | None = None
    filters: object = None


def check(new: NewResponse) -> None:
    """Refuse what would be misunderstood if it were left out.

    Raises:
        BadParam: there is such a thing.
    """
    if new.messages is not None:
        raise BadParam("messages belong to /v1/chat/completions; here they are given as input.", "messages")
    if new.conversation is not None:
        raise BadParam("There are no conversations here. Use previous_response_id.", "conversation")
    if new.prompt is not None:
        raise BadParam("There are no stored prompts here. Use instructions and input.", "prompt")
    if new.input is None:
        raise BadParam("input is missing: what is asked.", "input", code="missing_required_parameter")
    if not new.input:
        raise BadParam("input is empty: say what is asked.", "input")
    if new.background and new.store is False:
        raise BadParam("What is made in the background is stored: store can't be false.", "store")


def read_input(given: str | Sequence[JsonObject], able: Able) -> tuple[Turn, ...]:
    """Return what is said, in order. What a model says and calls at once is one turn.

    Raises:
        BadParam: an item can't be used; `param` says which, and which part of it.
    """
    if isinstance(given, str):
        return (Turn("user", given),)
    turns: list[Turn] = []
    beside: JsonObject = {}
    """What belongs to the next turn of the assistant."""
    for number, item in enumerate(given):
        where = f"input[{number}]"
        match item.get("type") or ("message" if "role" in item else None):
            case "message":
                _add(turns, _message(item, where, able), beside)
            case "function_call":
                _check_calls_tools(able, where)
                call_id, name, arguments = (string_at(item, one, where) for one in ("call_id", "name", "arguments"))
                extra = {name: value for name, value in item.items() if name not in _CALL and value is not None}
                _add(turns, Turn("assistant", "", calls=(Call(call_id, name, arguments, extra),)), beside)
            case "function_call_output":
                _check_calls_tools(able, where)
                text, _ = read_content(item.get("output"), f"{where}.output", "tool", able)
                turns.append(Turn("tool", text, call_id=string_at(item, "call_id", where)))
            case "reasoning":
                if turns and turns[-1].role == "assistant" and not item.get("content"):
                    turns[-1] = replace(turns[-1], extra=_beside(turns[-1].extra, unsealed(item)))
                else:
                    beside = _beside(beside, unsealed(item))
            case "file_search_call":
                pass  # our own, of no use to a model
            case "item_reference":
                raise BadParam(f"{where} refers to an item; send the item itself, or previous_response_id.", where)
            case kind:
                raise BadParam(f"{where} is an item of the type {shown(kind)}, which can't be read here.", where)
    return tuple(without_idle_thought(turn) for turn in turns)


def check_calls(turns: Sequence[Turn]) -> None:
    """Check that each call of a function has its output, and each output its call: models refuse all else.

    Raises:
        BadParam: it is not so.
    """
    waiting: dict[str, None] = {}
    for turn in turns:
        if turn.call_id is not None:
            if turn.call_id not in waiting:
                raise BadParam(f"No tool call found for function call output with call_id {turn.call_id}.", "input")
            del waiting[turn.call_id]
        elif waiting:
            break
        waiting |= dict.fromkeys(call.id for call in turn.calls)
    if waiting:
        raise BadParam(f"No tool output found for function call {next(iter(waiting))}.", "input")


def read_tools(tools: Sequence[JsonObject], able: Able) -> tuple[JsonObject, ...]:
    """Return the functions among the tools, in the form of chat completions.

    Raises:
        BadParam: one of them is neither a function nor the search of files, or the model calls none.
    """
    found: list[JsonObject] = []
    for number, tool in enumerate(tools):
        where = f"tools[{number}]"
        if tool.get("type") == FILE_SEARCH:
            continue
        if tool.get("type") != "function":
            kind = shown(tool.get("type"))
            raise BadParam(f"{where} is a tool of the type {kind}; there are function and {FILE_SEARCH}.", where)
        _check_calls_tools(able, where)
        string_at(tool, "name", where)
        function = {name: value for name, value in tool.items() if name != "type" and value is not None}
        found.append({"type": "function", "function": function})
    return tuple(found)


def read_searches(tools: Sequence[JsonObject]) -> list[tuple[str, FileSearch]]:
    """Return the searches of files among the tools, each with its place in the request.

    Raises:
        BadParam: one of them can't be done here.
    """
    found: list[tuple[str, FileSearch]] = []
    for number, tool in enumerate(tools):
        if tool.get("type") == FILE_SEARCH:
            where = f"tools[{number}]"
            search = _as(FileSearch, tool, where)
            if search.filters is not None:
                raise BadParam(f"{where}.filters: documents have no attributes to filter by.", f"{where}.filters")
            found.append((where, search))
    return found


def generation_of(new: NewResponse, tools: tuple[JsonObject, ...]) -> Generation:
    """Return how the model is to write.

    Raises:
        BadParam: a wish has a form that is not known.
    """
    choice = _choice(new.tool_choice)
    if not new.tools and choice not in (None, "none", "auto"):
        raise BadParam("tool_choice needs tools to choose from.", "tool_choice")
    return Generation(
        max_tokens=new.max_output_tokens,
        temperature=new.temperature,
        top_p=new.top_p,
        reasoning_effort=new.reasoning.effort if new.reasoning else None,
        response_format=_format(new.text.format if new.text else None),
        tools=tools,
        tool_choice=choice if tools else None,
        parallel_tool_calls=new.parallel_tool_calls if tools else None,
    )


def echo_to(new: NewResponse, model: str) -> Echo:
    """Return what the response says of its request."""
    text: JsonObject | None = None
    if new.text:
        text = {"format": new.text.format or {"type": "text"}}
        text |= {"verbosity": new.text.verbosity} if new.text.verbosity else {}
    return Echo(
        model=model,
        background=bool(new.background),
        store=new.store is not False,
        instructions=new.instructions,
        previous_response_id=new.previous_response_id,
        metadata=new.metadata or {},
        tools=tuple(new.tools or ()),
        tool_choice=new.tool_choice or "auto",
        parallel_tool_calls=new.parallel_tool_calls is not False,
        text=text,
        reasoning=msgspec.to_builtins(new.reasoning) if new.reasoning else None,
        max_output_tokens=new.max_output_tokens,
        temperature=new.temperature,
        top_p=new.top_p,
        truncation=new.truncation or "disabled",
        user=new.user,
        include=tuple(new.include or ()),
    )


def items_of(answer_id: str, turns: Sequence[Turn]) -> list[JsonObject]:
    """Return turns as the items of an input."""
    items: list[JsonObject] = []
    for turn in turns:
        if turn.call_id is not None:
            output: JsonObject = {"type": "function_call_output", "call_id": turn.call_id, "output": turn.text}
            items.append({"id": f"fco_{answer_id}_in{len(items)}", **output, "status": "completed"})
            continue
        if turn.text or turn.images or not turn.calls:
            items.append(_message_item(f"msg_{answer_id}_in{len(items)}", turn))
        for call in turn.calls:
            called: JsonObject = {**call.extra, "call_id": call.id, "name": call.name, "arguments": call.arguments}
            known: JsonObject = {"id": f"fc_{answer_id}_in{len(items)}", "type": "function_call"}
            items.append({**known, **called, "status": "completed"})
    return items


def _message_item(item_id: str, turn: Turn) -> JsonObject:
    if turn.role == "assistant":
        said: JsonObject = {"type": "output_text", "text": turn.text, "annotations": []}
        content = [said]
    else:
        said = {"type": "input_text", "text": turn.text}
        content = [said]
        content += [{"type": "input_image", "image_url": image, "detail": "auto"} for image in turn.images]
    return {"id": item_id, "type": "message", "status": "completed", "role": turn.role, "content": content}


def _message(item: JsonObject, where: str, able: Able) -> Turn:
    given = item.get("role")
    role = _ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        roles = ", ".join(_ROLES)
        raise BadParam(f"{where}.role is {shown(given)}; there are the roles {roles}.", f"{where}.role")
    return Turn(role, *read_content(item.get("content"), f"{where}.content", role, able))


def _add(turns: list[Turn], turn: Turn, beside: JsonObject) -> None:
    """Add a turn; what the model said and called together is put together again."""
    if turn.role == "assistant" and beside:
        turn = replace(turn, extra={**beside})
        beside.clear()
    last = turns[-1] if turns else None
    if turn.role == "assistant" and last and last.role == "assistant" and (turn.calls or last.calls):
        text = "\n".join(text for text in (last.text, turn.text) if text)
        turns[-1] = replace(last, text=text, calls=last.calls + turn.calls, extra=_beside(last.extra, turn.extra))
    else:
        turns.append(turn)


def _beside(before: JsonObject, more: JsonObject) -> JsonObject:
    """Return what stands beside a turn, where it came in two items."""
    thoughts = [text for text in (before.get(THOUGHT), more.get(THOUGHT)) if isinstance(text, str)]
    whole = {**before, **{name: joined(before.get(name), value) for name, value in more.items()}}
    return {**whole, THOUGHT: "".join(thoughts)} if thoughts else whole


def _check_calls_tools(able: Able, where: str) -> None:
    if not able.calls_tools:
        raise BadParam(f"{able.name} calls no functions. Leave {where} out, or ask another model.", where)


def _choice(choice: str | JsonObject | None) -> str | JsonObject | None:
    if choice is None or choice in _CHOICES:
        return choice
    if isinstance(choice, dict):
        if choice.get("type") == FILE_SEARCH:
            return None  # that is done before the model is asked
        if choice.get("type") == "function":
            return {"type": "function", "function": {"name": string_at(choice, "name", "tool_choice")}}
    raise BadParam(f"tool_choice has to be one of {', '.join(_CHOICES)}, or a function.", "tool_choice")


def _format(given: JsonObject | None) -> JsonObject | None:
    kind = given.get("type") if given else "text"
    if given is None or kind == "text":
        return None
    if kind == "json_object":
        return {"type": "json_object"}
    if kind != "json_schema":
        raise BadParam(f"text.format.type is {shown(kind)}; there are {', '.join(_FORMATS)}.", "text.format.type")
    schema = {name: value for name, value in given.items() if name != "type" and value is not None}
    string_at(schema, "name", "text.format")
    mapping_at(schema.get("schema"), "text.format.schema")
    return {"type": "json_schema", "json_schema": schema}


def _as(form: type[T], value: object, where: str) -> T:
    """Return a value in this form.

    Raises:
        BadParam: it has another one.
    """
    try:
        return msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        raise BadParam(f"{where}: {what}.", where + place.rstrip("`"), code="invalid_type") from error
