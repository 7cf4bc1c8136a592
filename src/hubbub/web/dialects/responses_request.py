"""Read requests for responses: items become turns, flat tools nested ones; and write turns as items again."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from hubbub.app.custom_tools import custom_names, function_of
from hubbub.app.messages import CUSTOM, THOUGHT, Able, mapping_at, read_content, shown, string_at, turn_of
from hubbub.app.tool_choice import choose
from hubbub.core.answer import joined
from hubbub.core.errors import BadParam
from hubbub.core.messages import Call, Role, Turn, parts_of
from hubbub.core.questions import Generation, JsonObject
from hubbub.web.dialects.responses import FILE_SEARCH, Echo
from hubbub.web.dialects.responses_items import unsealed, unsealed_calls
from hubbub.web.dialects.responses_tools import is_of_tools, turns_of_tools
from hubbub.web.dialects.vector_filters import RankingOptions, holds_of

T = TypeVar("T")

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_SERVED = ("function", CUSTOM, FILE_SEARCH)
LOGPROBS = "message.output_text.logprobs"
VERBOSITY = "verbosity"
LEFT_OUT = "tools_left_out"
"""The key in a response's metadata that names the tools which were left out."""
_CALL = frozenset({"id", "type", "status", "call_id", "name", "arguments", "namespace"})
"""What a call holds; what else stands with it the model's server wants back."""
_FORMATS = ("text", "json_object", "json_schema")
_MOST = 2**63 - 1
_VALUE_CHARACTERS = 512
"""The longest value of a response's metadata."""


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
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    stop: str | list[str] | None = None
    seed: Annotated[int, Meta(ge=-_MOST, le=_MOST)] | None = None
    truncation: Annotated[str, Meta(pattern="^(auto|disabled)$")] | None = None
    metadata: (
        Annotated[dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)]
        | None
    ) = None
    user: str | None = None
    include: list[str] | None = None
    top_logprobs: int | None = None
    thorough: Annotated[
        bool | None,
        Meta(description="Over documents: whether the model may search several times (not of OpenAI's API)"),
    ] = None
    stream_options: Annotated[Any, Meta(description="Left out: nothing of it changes what is streamed here")] = None
    messages: Annotated[Any, Meta(description="Not taken: these are `input` here")] = None
    conversation: Annotated[Any, Meta(description="The id of a conversation, or an object with it")] = None
    prompt: Annotated[Any, Meta(description="Not taken: there are no stored prompts")] = None


class FileSearch(msgspec.Struct, frozen=True):
    """Which collections are to be searched, by their ids or names, and for how many passages."""

    vector_store_ids: Annotated[tuple[str, ...], Meta(min_length=1, max_length=50)]
    max_num_results: Annotated[int, Meta(ge=1, le=50)] | None = None
    filters: dict[str, Any] | None = None
    ranking_options: RankingOptions | None = None

    @property
    def least_share(self) -> float:
        """What share of the best passage's score the others have to reach."""
        return (self.ranking_options and self.ranking_options.score_threshold) or 0.0


def check(new: NewResponse) -> None:
    """Refuse what would be misunderstood if it were left out.

    Raises:
        BadParam: there is such a thing.
    """
    if new.messages is not None:
        raise BadParam("messages belong to /v1/chat/completions; here they are given as input.", "messages")
    if new.conversation is not None and new.previous_response_id is not None:
        raise BadParam("Go on with a conversation or with a response, not with both.", "previous_response_id")
    if new.conversation is not None and new.store is False:
        raise BadParam("What is said in a conversation is stored: store can't be false.", "store")
    if new.prompt is not None:
        raise BadParam("There are no stored prompts here. Use instructions and input.", "prompt")
    if new.input is None:
        raise BadParam("input is missing: what is asked.", "input", code="missing_required_parameter")
    if not new.input:
        raise BadParam("input is empty: say what is asked.", "input")
    if new.top_logprobs or LOGPROBS in (new.include or ()):
        where = "top_logprobs" if new.top_logprobs else "include"
        raise BadParam(f"{where}: Probabilities of tokens are not told here.", where, code="unsupported_parameter")
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
    of_calls: dict[str, JsonObject] = {}
    for number, item in enumerate(given):
        where = f"input[{number}]"
        match item.get("type") or ("message" if "role" in item else None):
            case "message":
                _add(turns, _message(item, where, able), beside)
            case "function_call":
                call_id, name, arguments = (string_at(item, one, where) for one in ("call_id", "name", "arguments"))
                extra = {name: value for name, value in item.items() if name not in _CALL and value is not None}
                _add(turns, Turn("assistant", "", calls=(Call(call_id, name, arguments, extra),)), beside)
            case "function_call_output":
                said = read_content(item.get("output"), f"{where}.output", "tool", able)
                turns.append(turn_of("tool", said, call_id=string_at(item, "call_id", where)))
            case "reasoning":
                if turns and turns[-1].role == "assistant" and not item.get("content"):
                    turns[-1] = replace(turns[-1], extra=_beside(turns[-1].extra, unsealed(item)))
                else:
                    beside = _beside(beside, unsealed(item))
                of_calls |= unsealed_calls(item)
            case str(kind) if is_of_tools(kind):
                for turn in turns_of_tools(item, kind, where, able):
                    if turn.role == "assistant":
                        _add(turns, turn, beside)
                    else:
                        turns.append(turn)
            case kind:
                raise BadParam(f"{where} is an item of the type {shown(kind)}, which can't be read here.", where)
    return tuple(_with_extras(turns, of_calls) if of_calls else turns)


def _with_extras(turns: Sequence[Turn], extras: Mapping[str, JsonObject]) -> list[Turn]:
    """Return turns whose calls have what their server wants back with them, by the ids of the calls."""
    return [
        replace(
            turn, calls=tuple(replace(call, extra={**extras.get(call.id, {}), **call.extra}) for call in turn.calls)
        )
        for turn in turns
    ]


def without_old_thoughts(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return turns with thoughts only where they belong to calls since a person spoke last.

    There servers want them back, to go on with what they thought; in earlier turns some refuse them.
    """
    last = max((place for place, turn in enumerate(turns) if turn.role == "user"), default=-1)
    return tuple(
        replace(turn, extra={name: value for name, value in turn.extra.items() if name != THOUGHT})
        if THOUGHT in turn.extra and (place < last or not turn.calls)
        else turn
        for place, turn in enumerate(turns)
    )


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
    """Return the tools that the model may call as functions, in the form of chat completions.

    All others are left out: see `unserved`.

    Raises:
        BadParam: one of them can't be read, or the model calls none.
    """
    found: list[JsonObject] = []
    for number, tool in enumerate(tools):
        where = f"tools[{number}]"
        string_at(tool, "type", where)
        if tool["type"] not in ("function", CUSTOM):
            continue
        _check_calls_tools(able, where)
        if tool["type"] == CUSTOM:
            found.append(function_of(tool, where))
            continue
        string_at(tool, "name", where)
        function = {name: value for name, value in tool.items() if name != "type" and value is not None}
        found.append({"type": "function", "function": function})
    return tuple(found)


def unserved(tools: Sequence[JsonObject]) -> tuple[str, ...]:
    """Return the types of the tools that are left out, since nothing here can be done with them.

    Agents bring tools that only their own maker's service runs, and do without those that a service does not have.
    """
    return tuple(dict.fromkeys(str(tool.get("type")) for tool in tools if tool.get("type") not in _SERVED))


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
                holds_of(search.filters, f"{where}.filters")
            found.append((where, search))
    return found


def generation_of(new: NewResponse, tools: tuple[JsonObject, ...], passed: Collection[str]) -> Generation:
    """Return how the model is to write. `passed` are the further fields that go on to its server.

    Raises:
        BadParam: a wish has a form that is not known.
    """
    choice = new.tool_choice
    is_searching = any(tool.get("type") == FILE_SEARCH for tool in new.tools or ())
    left_out = unserved(new.tools or ())
    if isinstance(choice, dict) and choice.get("type") == FILE_SEARCH:
        choice = None  # that is done before the model is asked
    if isinstance(choice, dict) and choice.get("type") in left_out:
        raise BadParam(
            f"tool_choice names {shown(choice.get('type'))}, which is not served here. Leave tool_choice out: "
            "the model goes on without the tool.",
            "tool_choice",
        )
    if not tools and not is_searching and choice not in (None, "none", "auto"):
        not_served = f" What was given is not served here: {', '.join(left_out)}." if left_out else ""
        raise BadParam(f"tool_choice needs tools to choose from.{not_served}", "tool_choice")
    tools, choice = choose(tools, choice, custom=custom_names(new.tools or ()))
    return Generation(
        max_tokens=new.max_output_tokens,
        temperature=new.temperature,
        top_p=new.top_p,
        stop=(new.stop,) if isinstance(new.stop, str) else tuple(new.stop or ()),
        seed=new.seed,
        presence_penalty=new.presence_penalty,
        frequency_penalty=new.frequency_penalty,
        reasoning_effort=new.reasoning.effort if new.reasoning else None,
        response_format=_format(new.text.format if new.text else None),
        tools=tools,
        tool_choice=choice if tools else None,
        parallel_tool_calls=new.parallel_tool_calls if tools else None,
        extra=_further(new, passed),
    )


def _further(new: NewResponse, passed: Collection[str]) -> JsonObject:
    verbosity = new.text.verbosity if new.text else None
    if verbosity is None:
        return {}
    if VERBOSITY not in passed and "*" not in passed:
        raise BadParam(
            "text.verbosity is not passed on to this model. Leave it out, or name verbosity in the model's "
            "pass_fields.",
            "text.verbosity",
            code="unsupported_parameter",
        )
    return {VERBOSITY: verbosity}


def echo_to(new: NewResponse, model: str, new_turns: int) -> Echo:
    """Return what the response says of its request."""
    left_out = ", ".join(unserved(new.tools or ()))
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
        metadata={**(new.metadata or {}), **({LEFT_OUT: left_out[:_VALUE_CHARACTERS]} if left_out else {})},
        tools=tuple(tool for tool in new.tools or () if tool.get("type") in _SERVED),
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
        conversation=_conversation(new.conversation),
        new_turns=new_turns,
    )


def _conversation(given: object) -> str:
    if isinstance(given, dict):
        given = cast(JsonObject, given).get("id")
    return given if isinstance(given, str) else ""


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
        content = [_input_part(part) for part in parts_of(turn)] or [{"type": "input_text", "text": turn.text}]
    return {"id": item_id, "type": "message", "status": "completed", "role": turn.role, "content": content}


def _input_part(part: JsonObject) -> JsonObject:
    if part["type"] == "text":
        return {"type": "input_text", "text": part["text"]}
    image = mapping_at(part["image_url"], "image_url")
    return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail", "auto")}


def _message(item: JsonObject, where: str, able: Able) -> Turn:
    given = item.get("role")
    role = _ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        roles = ", ".join(_ROLES)
        raise BadParam(f"{where}.role is {shown(given)}; there are the roles {roles}.", f"{where}.role")
    return turn_of(role, read_content(item.get("content"), f"{where}.content", role, able))


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
