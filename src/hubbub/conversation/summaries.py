"""Sum up the earliest turns of a long chat, so that a model is told of what it can't read any more."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from msgspec.structs import replace

from hubbub.conversation.asides import written
from hubbub.conversation.prompt import Fitted, prompt_text, shortened
from hubbub.conversation.tokens import Rates
from hubbub.conversation.turns import well_formed, with_pictures_of
from hubbub.core.errors import ModelError
from hubbub.core.events import LeftOut
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.models.base import Model

SUMMARY_TOKENS = 500
"""So much of a prompt is kept free for a summary."""
AHEAD = 0.7
"""A summary takes in so many turns that the others fill this part of their room: the next questions need no new one."""
MOST_PIECES = 4
"""So many times a model is asked for one summary. Of what is longer the earliest turns are left out."""
READ_SHARE = 0.6
"""How much of what a model can read it is given of a conversation to sum up at once."""
MOST_KEPT = 2_000
MOST_CHARACTERS = 4_000
SUMMARY = Generation(max_tokens=2 * SUMMARY_TOKENS, temperature=0.0)

_BEFORE = "[What was said before, in short:]\n{summary}\n\n[The conversation goes on:]\n"


class Summary(NamedTuple):
    """What stands for so many of the first turns; the first `skipped` of them are not in it."""

    turns: int
    skipped: int
    text: str


class Summaries:
    """Keeps summaries in memory, by the turns that they stand for. What was dropped is written again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Summary] = OrderedDict()

    def known(self, turns: Sequence[Turn]) -> Summary | None:
        """Return the summary of the most of the first turns, if there is one."""
        for key in reversed(_keys(turns)):
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        return None

    async def write(
        self,
        model: Model,
        turns: Sequence[Turn],
        *,
        room_tokens: int,
        rates: Rates,
        tell: Callable[[Sequence[Turn]], None] | None = None,
    ) -> Summary:
        """Return a summary of these turns, which goes on from one that is known.

        `room_tokens` is what the model can read. The prompts are told to `tell` as well.

        Raises:
            ModelError: the model could not write it.
        """
        summary = self.known(turns) or Summary(0, 0, "")
        pieces = _pieces(turns[summary.turns :], int(READ_SHARE * room_tokens), rates)
        left_out = sum(len(piece) for piece in pieces[:-MOST_PIECES])
        if left_out:
            summary = Summary(summary.turns + left_out, summary.turns + left_out, "")
        for piece in pieces[-MOST_PIECES:]:
            said = "\n\n".join(f"{turn.role}: {turn.text}" for turn in piece)
            so_far = f"Summary so far:\n{summary.text}\n\n" if summary.text else ""
            prompt = [
                Turn("system", prompt_text("summary")),
                Turn("user", f"{so_far}Conversation:\n\n{said}\n\nSummary of all of it:"),
            ]
            if tell is not None:
                tell(prompt)
            text = (await written(model, prompt, SUMMARY, MOST_CHARACTERS)).strip()
            if not text:
                raise ModelError(f"{model.card.name} wrote no summary.", code="no_summary", retryable=False)
            text = shortened(text, SUMMARY_TOKENS, rates)
            summary = Summary(summary.turns + len(piece), summary.skipped, text)
            self._keep(_keys(turns[: summary.turns])[-1], summary)
        return summary

    def _keep(self, key: bytes, summary: Summary) -> None:
        self._kept[key] = summary
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def fit_after(
    summary: Summary | None,
    turns: Sequence[Turn],
    fit_rest: Callable[[Sequence[Turn], int], Fitted],
    *,
    budget_tokens: int,
    rates: Rates,
) -> Fitted:
    """Return the prompt that `fit_rest` makes of the turns and a budget, the summary in the place of the first ones."""
    if summary is None:
        return fit_rest(turns, budget_tokens)
    before = _BEFORE.format(summary=summary.text)
    fitted = fit_rest(well_formed(turns)[summary.turns :], budget_tokens - rates.tokens(before))
    # It is nobody's instruction: it stands where what it sums up has stood, with what the person says.
    system, first, *others = fitted.turns
    first = replace(with_pictures_of(Turn("user", ""), first, len(before)), text=before + first.text)
    known = fitted.left_out or LeftOut()
    left_out = replace(known, turns=known.turns + summary.skipped, summarized=summary.turns - summary.skipped)
    return Fitted([system, first, *others], left_out)


def _keys(turns: Sequence[Turn]) -> list[bytes]:
    """Return a key for the first turn, one for the first two, and so on."""
    digest = blake2b(digest_size=16)
    keys: list[bytes] = []
    for turn in turns:
        text = turn.text.encode("utf-8", "surrogatepass")
        digest.update(f"{turn.role} {len(text)} ".encode() + text)
        keys.append(digest.digest())
    return keys


def _pieces(turns: Sequence[Turn], most_tokens: int, rates: Rates) -> list[list[Turn]]:
    """Return the turns in pieces that a model can read, long ones in part."""
    pieces: list[list[Turn]] = []
    left = 0
    for turn in turns:
        part = replace(turn, text=shortened(turn.text, max(most_tokens // 2, 1), rates))
        needed = rates.of_turn(part)
        if not pieces or needed > left:
            pieces.append([])
            left = most_tokens
        pieces[-1].append(part)
        left -= needed
    return pieces
