"""Tell whether a question asks what or who something is, and whether a sentence says so."""

import re
from collections.abc import Callable, Set

LONGEST_SUBJECT_WORDS = 6
"""What has more words is described rather than named, and stands at no sentence's beginning."""
LEAST_PLURAL = 4
READ_CHARACTERS = 300
"""How much of a question and of a sentence's beginning is read."""

_ASKS = re.compile(
    r"""^[¿\s]*(?:
    (?:what(?:'s|’s|\ is|\ are|\ was|\ were)(?!\ (?:it|this|that|these|those|there|they|he|she|your|my|our)\b)
    (?:\ an?|\ the)?|who(?:'s|’s|\ is|\ are|\ was|\ were)(?!\ the\b))
    |(?:was\ (?:ist|sind|war|waren)|wer\ (?:ist|sind|war|waren)(?!\ d(?:er|ie|as)\b))(?:\ (?:eine?|der|die|das))?
    |(?:qu['’]est-ce\ qu(?:e|['’])|qui\ (?:est|sont|était|étaient)(?!\ l))(?:\ (?:c['’]est\ que|une?|l[ea]s?|des))?
    |(?:qué|quién(?:es)?)\ (?:es|son|era|eran|fue|fueron)(?!\ quien)(?:\ (?:una?|el|l[ao]s?))?
    |(?:(?:che\ )?cos(?:['’]|a\ )(?:è|sono|era)|chi\ (?:è|sono|era|fu))(?:\ (?:una?|uno|il|l[aoe]|i|gli))?
    |(?:o\ )?que\ (?:é|são|era)(?:\ (?:uma?|[oa]s?))?|quem\ (?:é|são|era|foi)(?!\ [oa]s?\b)
    |(?:wat|wie)\ (?:is|zijn|was|waren)(?!\ (?:de|het)\b)(?:\ een)?
    |что\ такое|кто\ (?:такой|такая|такие)|什么是|什麼是
    )\s*(?P<after>.+?)[?\s]*$
    |^(?P<before>.+?)(?:是什么|是什麼|是谁|是誰|とは(?:何|なん|誰).*|とは
    |(?:이?란|[은는])\ (?:무엇|누구).*)[?？。\s]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_SAYS = (
    r"(?:\b(?:is|are|was|were|refers|means|denotes|ist|sind|war|waren|bezeichnet|bedeutet|est|sont|était|désigne|es|son"
    r"|era|fue|designa|è|sono|indica|fu|é|são|foi|zijn|это|называ\w+)\b|[—–]|是|とは|は|이란|란|은|는)"
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_OF_ANOTHER = re.compile(r"['’]s?\b")


def defines(question: str) -> Callable[[str, Set[str]], bool] | None:
    """Return what tells whether a sentence says what the asked thing is: it begins with its name.

    "What is a glacier?": "A glacier is …". None where that isn't asked, or where the thing is somebody's.
    """
    asked = _ASKS.match(question) if len(question) <= READ_CHARACTERS else None
    if asked is None:
        return None
    subject = asked["after"] or asked["before"]
    words = _WORD.findall(subject)
    if not 0 < len(words) <= LONGEST_SUBJECT_WORDS or _OF_ANOTHER.search(subject):
        return None
    # One more word may stand between: a second name, a line's end within a name.
    name = r"\W+(?:\w+\W+)??".join(map(re.escape, words))
    if len(words[-1]) >= LEAST_PLURAL and words[-1].endswith("s"):
        name = name[:-1]  # of "glaciers" one is asked for as well
    ends = "" if _WITHOUT_SPACES.search(subject) else r"(?:e?s|e?n)?\b"
    pattern = re.compile(rf"\W*(?:\w{{1,5}}\W+)?(?>{name}{ends}).{{0,200}}?{_SAYS}", re.IGNORECASE | re.DOTALL)
    return lambda sentence, asked: pattern.match(sentence[:READ_CHARACTERS]) is not None
