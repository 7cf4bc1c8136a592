"""Make a query that stands alone from a question that may lean on what was said before."""

import re
from collections.abc import Callable, Sequence

from hubbub.conversation.asides import written
from hubbub.conversation.prompt import prompt_text
from hubbub.core.errors import HubbubError
from hubbub.core.messages import Turn
from hubbub.core.questions import Generation
from hubbub.core.wording import language_of, query_terms
from hubbub.models.base import Model

MAX_QUERY_CHARACTERS = 1000
RECENT_TURNS = 6
MAX_WORDS_TO_LEAN_ON = 12
QUERY = Generation(max_tokens=100, temperature=0.0)

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_FIGURES = re.compile(r"\d+")
_LEANING = frozenset(
    "it its they them their theirs he him his she her hers this that these those there then one ones former latter "
    "same both such so also again instead else here".split()
)
_OPENINGS = ("and ", "but ", "or ", "so ", "what about", "how about", "why not", "what else", "tell me more", "more ")
_COMMON = frozenset(
    "a an the of in on at to for from by with as is are was were be been being do does did have has had can could will "
    "would should may might must what which who whom whose when where why how many much and or but not no if than "
    "about into over under between tell me please give show i you we my your our us there any some".split()
)


# How questions in other languages say that they go on from what was said.
_LEANING_ELSEWHERE = {
    language: re.compile(pattern)
    for language, pattern in {
        "de": r"^(?:und|aber|oder|auch|was ist mit|wie ist es mit|warum nicht|mehr dazu|erzähl mehr)\b"
        r"|\b(?:er|sie|(?<!gibt )es|ihn|ihm|ihr|ihnen|"
        r"dies\w*|dort|dafür|davon|dazu|damit|daran|darüber|dabei|dann|deren|dessen)\b",
        "fr": r"^(?:et|mais|ou|aussi|qu'en est-il|pourquoi pas)\b"
        r"|(?<!-)\b(?:il(?! y a| faut)|elle|ils|elles|lui|cela|ça|ceci|celui|celle|ceux|celles|cet|cette|ces)\b",
        "es": r"^¿?\s*(?:y|pero|o|también|qué tal|por qué no)\b"
        r"|\b(?:él|ella|ello|ellos|ellas|est[aeo]s?|es[aeo]s?|aquell?[ao]s?|allí|ahí|le|les|su|sus)\b",
        "it": r"^(?:e|ma|o|anche|perché no)\b|\b(?:lui|lei|esso|essa|loro|quest[aeio]|quell[aeio]|lì|ne|suo|sua)\b",
        "pt": r"^(?:e|mas|ou|também)\b|\b(?:ele|ela|eles|elas|ist[oa]|iss[oa]|est[ae]s?|ess[ae]s?|lá|dele|dela)\b",
        "nl": r"^(?:en|maar|of|ook|hoe zit het met)\b|\b(?:hij|zij|ze|hem|haar|hen|hun|dit|dat|deze|die|daar|ervan)\b",
        "ru": r"^(?:а|и|но|или|также)\b|\b(?:он|она|оно|они|его|ее|её|их|им|ей|это\w*|этот|эта|эти|там|тогда)\b",
        "zh": r"^(?:那么|那|还有|還有|然后|为什么呢|而)|[它他她]|这个|這個|这些|那个|那些|其中|呢[？?]?$",
        "ja": r"^(?:では|じゃあ|それで|それなら|また|そして|なぜですか)|それ|これ|その|この|彼|あれ",
        "ko": r"^(?:그럼|그러면|그리고|또|왜요)|그것|이것|그는|그녀|그들|그건|이건|거기",
        "ar": r"^(?:وماذا عن|ماذا عن|ولماذا|ومتى|وأين|وكيف|لكن)|(?:^|\s)(?:هم|هذا|هذه|ذلك|تلك|هناك)(?:\s|؟|$)",
        "hi": r"^(?:और|लेकिन|या)\s|(?:^|\s)(?:यह|वह|ये|वे|इस\w*|उस\w*|इन\w*|उन\w*|वहाँ|वहां)(?:\s|$)",
    }.items()
}


def leans(question: str) -> bool:
    """Tell whether a question can hardly be understood without what was said before it.

    It does where it says so, with a pronoun or an opening such as "and", or names nothing at all.
    """
    lowered = question.casefold().strip()
    words = [word.lower() for word in _WORD.findall(question)]
    language = language_of(question)
    if language not in ("", "en"):
        leaning = _LEANING_ELSEWHERE.get(language)
        says_so = leaning is not None and leaning.search(lowered) is not None
        return says_so or not _names_something(question, language)
    own = [word for word in words if word not in _COMMON and word not in _LEANING]
    return not own or lowered.startswith(_OPENINGS) or any(word in _LEANING for word in words)


def _names_something(question: str, language: str) -> bool:
    return any(term.is_telling for term in query_terms(question, (), language))


def stand_alone(question: str, turns: Sequence[Turn]) -> str:
    """Return the question with the words it leans on, taken from the last question that stood by itself."""
    if not leans(question):
        return question
    known = {word.lower() for word in _WORD.findall(question)}
    kinds = set(map(_kind, known))
    earlier = [turn.text for turn in turns[-RECENT_TURNS:] if turn.role == "user"]
    borrowed: list[str] = []
    for text in reversed(earlier):
        words = [word for word in _WORD.findall(text) if word.lower() not in known | _COMMON | _LEANING]
        # "And for 2023?" asks no more for 2022, nor "And the X20?" for the X10.
        words = [word for word in dict.fromkeys(words) if (kind := _kind(word)) is None or kind not in kinds]
        known.update(map(str.lower, words))
        kinds.update(map(_kind, words))
        borrowed += words
        if not leans(text):
            break
    return " ".join([question, *borrowed[:MAX_WORDS_TO_LEAN_ON]])


def _kind(word: str) -> str | None:
    """Return of what kind a number or code is: years and the like by their digits, codes alike; None for a word."""
    figures = _FIGURES.search(word)
    return figures and ("code" if figures[0] != word else "0" * len(word))


async def write_query(
    model: Model | None, question: str, turns: Sequence[Turn], tell: Callable[[Sequence[Turn]], None] | None = None
) -> str:
    """Return a query for the search: written by the model where there is one, else put together from the words.

    What the model is told for that, if it is asked, is told to `tell` as well.
    """
    if not turns:
        return question
    if model is None:
        return stand_alone(question, turns)
    said = "\n".join(f"{turn.role}: {turn.text[:1500]}" for turn in turns[-RECENT_TURNS:])
    prompt = [Turn("system", prompt_text("query")), Turn("user", f"{said}\nuser: {question}\n\nSearch query:")]
    if tell is not None:
        tell(prompt)
    try:
        text = await written(model, prompt, QUERY, MAX_QUERY_CHARACTERS)  # more of it is no query
    except HubbubError:
        return stand_alone(question, turns)  # a search with our own words is better than no answer
    query = " ".join(text.split()).strip("\"' ")
    return query if 0 < len(query) <= MAX_QUERY_CHARACTERS else stand_alone(question, turns)
