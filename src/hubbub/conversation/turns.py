"""Keep what was said before in a form that every model takes."""

from collections.abc import Sequence

from msgspec.structs import replace

from hubbub.core.messages import Call, Turn


def well_formed(turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns so that no server has a reason to refuse them, whatever became of the answers among them.

    None is empty; a person and the model take turns, the person first; a call of a tool is followed by its result,
    and a result by nothing but its call. What a person said twice in a row, since no answer came, becomes one turn.
    """
    kept: list[Turn] = []
    has_begun = False
    for turn in _with_results(turns):
        has_begun = has_begun or turn.role == "user"
        if turn.role in ("assistant", "tool") and not has_begun:
            continue  # an answer to nothing
        last = kept[-1] if kept else None
        if last is not None and last.role == turn.role and turn.role in ("user", "assistant") and not last.calls:
            kept[-1] = _joined(last, turn)
        else:
            kept.append(turn)
    return kept


def spoken(turns: Sequence[Turn]) -> list[Turn]:
    """Return what a person and the model have said, without the tools that were called."""
    return [turn for turn in turns if turn.role in ("user", "assistant") and turn.text]


def _joined(one: Turn, other: Turn) -> Turn:
    text = one.text if one.text == other.text else "\n\n".join(text for text in (one.text, other.text) if text)
    return replace(with_pictures_of(one, other, len(text) - len(other.text)), text=text)


def with_pictures_of(one: Turn, other: Turn, shift: int) -> Turn:
    """Return a turn with the pictures of one before it, where its own text begins `shift` characters later."""
    if not one.images:
        return replace(other, places=tuple(place + shift for place in other.places))
    places: tuple[int, ...] = ()
    if one.places or other.places:
        before = one.places or (len(one.text),) * len(one.images)
        after = other.places or (len(other.text),) * len(other.images)
        places = (*before, *(place + shift for place in after))
    details: tuple[str, ...] = ()
    if one.details or other.details:
        details = (*(one.details or ("",) * len(one.images)), *(other.details or ("",) * len(other.images)))
    return replace(other, images=one.images + other.images, places=places, details=details)


def _with_results(turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns that say something; calls without results and results without calls are none."""
    kept: list[Turn] = []
    for place, turn in enumerate(turns):
        if turn.role == "tool":
            continue  # taken with its call
        results = _results(turns, place) if turn.calls else {}
        calls = tuple(call for call in turn.calls if call.id in results)
        if turn.text.strip() or turn.images or calls:
            kept.append(replace(turn, calls=calls))
            kept += [results[call.id] for call in calls]
    return kept


def _results(turns: Sequence[Turn], place: int) -> dict[str, Turn]:
    """Return the results that follow the turn at a place, by the ids of their calls."""
    found: dict[str, Turn] = {}
    wanted: tuple[Call, ...] = turns[place].calls
    for turn in turns[place + 1 :]:
        if turn.role != "tool":
            break
        if turn.call_id is not None and any(call.id == turn.call_id for call in wanted):
            found.setdefault(turn.call_id, turn)
    return found
