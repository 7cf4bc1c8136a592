"""Cut a text into the terms that are indexed and searched: one way for both, by script."""

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from hubbub.core.compounds import COMPOUNDING, Split, splits, together
from hubbub.core.irregular import OTHERS
from hubbub.core.languages import READ_CHARACTERS, UNKNOWN, detect, is_stop_word, stems, without_accents

LONGEST_TERM = 64
"""A longer word is data, no language, and is searched by its beginning."""
MOST_TOGETHER = 4
"""With so many neighbours at most a word may be written as one; a long query has it beside many."""

_HAN = "々〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HIRAGANA = "\u3041-\u309f"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
_INDIC_MARKS = "\u0900-\u0963\u0966-\u0dff\u0f00-\u0fff\u200c\u200d"  # all but the full stops (danda)
_OTHERS = _HAN + _HIRAGANA + _KATAKANA + _HANGUL + _UNSPACED
_LETTERS = rf"(?![_{_OTHERS}])\w(?:(?![_{_OTHERS}])[\w{_MARKS}{_INDIC_MARKS}])*"
_NUMBER = r"(?<![\w.,])\d{1,3}(?: \d{3})+(?!\w)"
_PLAIN = rf"{_LETTERS}(?:[.'’\-‐‑_/:@+,]{_LETTERS})*"
_WORD = re.compile(rf"{_NUMBER}|{_PLAIN}|[{_HAN}]+|[{_HIRAGANA}]+|[{_KATAKANA}]+|[{_HANGUL}]+|[{_UNSPACED}]+")
_ASCII_WORD = re.compile(r"(?<![\w.,])\d{1,3}(?: \d{3})+(?!\w)|[a-z0-9]+(?:[.'\-_/:@+,][a-z0-9]+)*")
_KINDS = tuple(
    (kind, re.compile(f"[{signs}]"))
    for kind, signs in (
        ("han", _HAN),
        ("hiragana", _HIRAGANA),
        ("katakana", _KATAKANA),
        ("hangul", _HANGUL),
        ("unspaced", _UNSPACED),
    )
)
_SPACED = ("plain", "part")
_JOINERS = re.compile(r"[.'’\-‐‑_/:@+,]")
_DIGIT = re.compile(r"\d")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’]\d{3})+")
_INVISIBLE: dict[int, None] = dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF))
_ELISIONS = frozenset("l d j m n s t c qu jusqu lorsqu puisqu quoiqu dell all dall nell sull un gl quest".split())

# What Chinese, Japanese and Korean sentences are built with. It separates words, and is none.
_HAN_FUNCTION = re.compile(
    "为什么|為什麼|什么|什麼|怎么样|怎么|怎麼|怎样|如何|"
    "多少|多久|哪里|哪裡|哪个|哪些|哪|几|是谁|谁|誰|的|是|了|吗|嗎|呢|吧|么|何"
)
_JOINING = re.compile(f"{_HAN_FUNCTION.pattern}|[{_HIRAGANA}]+")
_GENITIVE = re.compile(f"(?<=[{_HAN}{_KATAKANA}a-z0-9])(?:的|の)(?=[{_HAN}{_KATAKANA}a-z0-9])")
_SOME_HANGUL = re.compile(f"[{_HANGUL}]")
_HANGUL_ENDINGS = (
    "입니까 습니까 합니까 됩니까 인가요 나요 까요 니까 입니다 습니다 합니다 됩니다 하십시오 십시오 "
    "하세요 에서는 에서 으로 부터 까지 에게 에는 이며 하는 은 는 이 가 을 를 의 에 로 와 과 도 만"
).split()
_HANGUL_FUNCTION = frozenset(
    """무엇 무엇을 무엇이 언제 누가 누구 어디 어디에 얼마 얼마나 며칠 몇 어떻게 왜 어느 및 그 이 수""".split()
)


class Term(NamedTuple):
    """A word of a text as it is searched."""

    forms: tuple[str, ...]
    """How it may be written in the index; any of them is this word."""
    is_telling: bool
    """Whether it says what the text is about."""
    parts: tuple[str, ...] = ()
    """How it is written as a part of a longer word, in languages that compound."""
    splits: tuple[Split, ...] = ()
    """What two words it may be made of, in these languages."""
    word: str = ""
    """The word as it stands in the query, folded."""
    together: tuple[str, ...] = ()
    """How it may be written as one word with the one before or after it: "memorycard" for "memory card"."""


def folded(text: str) -> str:
    """Return a text as it is compared: full width, ligatures, ß, upper case and soft hyphens make no difference."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).translate(_INVISIBLE).casefold())


def language_of(text: str, among: Container[str] = ()) -> str:
    """Return the language that a text is written in (ISO 639-1); empty where nothing tells.

    Of two that fit equally well, one of those `among`: a question is short, and asked in the language of the texts.
    """
    text = folded(text[:READ_CHARACTERS])
    return _language_of(list(_cut(text)), text, among)


def index_terms(text: str, language: str) -> list[str]:
    """Return what a text in this language is found by, in order."""
    return [term for word in _words(folded(text)) for term in _indexed(word, language)]


@lru_cache(maxsize=50_000)
def _indexed(word: str, language: str) -> tuple[str, ...]:
    found: list[str] = []
    for kind, part in _kinds(word):
        match kind:
            case "plain" | "part":
                found += _of_plain(part, language)
            case "whole" | "number":
                found.append(part)
            case "han":
                for between in _HAN_FUNCTION.split(part):
                    found += between if len(between) == 1 else [*between, *_grams(between, 2)]
            case "unspaced":
                found += _grams(part, 3)
            case "hangul":
                found += _grams(_without_ending(part), 2)
            case "katakana":
                found += (part, *(_grams(part, 2) if len(part) > 2 else ()))
            case _:
                found += _grams(part, 2)
    return tuple(found)


def query_terms(text: str, languages: Iterable[str], language: str | None = None) -> list[Term]:
    """Return what is looked for, in order and none twice, in texts of these languages.

    `language` is the query's own; None: it is told from the query.
    """
    folded_text = folded(text)
    cut = list(_cut(folded_text))
    languages = list(languages)
    if language is None:
        language = _language_of(cut, folded_text, languages)
    among = dict.fromkeys((language, *languages))
    built = _built_of_stop_words(folded_text, language)
    compounding = [one for one in among if one in COMPOUNDING] if language in COMPOUNDING | {UNKNOWN} else []
    joined: dict[str, set[str]] = {}
    for pair in together(folded_text, language):
        for word in pair:
            if len(wholes := joined.setdefault(word, set())) < MOST_TOGETHER:
                wholes.add("".join(pair))
    found: dict[tuple[str, ...], Term] = {}
    for kind, word in cut:
        within = compounding if kind in _SPACED else ()
        parts = dict.fromkeys(form for one in within for form in _of_plain(word, one))
        made = dict.fromkeys(split for one in within for split in splits(word, one))
        as_one = dict.fromkeys(
            form for one in among for whole in sorted(joined.get(word, ())) for form in _of_plain(whole, one)
        )
        for forms, is_telling in _looked_for(kind, word, language, list(among)):
            is_new = forms not in found or not found[forms].is_telling
            if is_new:
                is_telling = is_telling and word not in built
                found[forms] = Term(forms, is_telling, tuple(parts), tuple(made), word, tuple(as_one))
    return list(found.values())


def segments(clause: str) -> list[str]:
    """Return the parts of a folded Chinese, Japanese or Korean clause, in order, without what joins them.

    A part is one word or several that stand together as a name does: "标准版", "ゴールド会員", "프리미엄플랜".
    A part that belongs to the one before it has a sign in front: "上海的人口" is "上海", "·人口".
    """
    if _SOME_HANGUL.search(clause) is None:
        text = _GENITIVE.sub("的·", "".join(clause.split()))
        return [part for part in _JOINING.split(text) if part.strip("·")]
    found: list[str] = []
    is_whole, is_of = True, False
    for word in clause.split():
        bare = _without_ending(_without_ending(word))
        if word in _HANGUL_FUNCTION:
            is_whole, is_of = True, False
            continue
        if is_whole:
            found.append(f"·{bare}" if is_of else bare)
        else:
            found[-1] += bare
        is_whole, is_of = bare != word, word == f"{bare}의"
    return found


def _built_of_stop_words(text: str, language: str) -> set[str]:
    """Return the compounds that are searched whole and whose parts all say nothing, as in "est-elle"."""
    compounds = (_JOINERS.split(word) for word in _words(text) if "-" in word or "‐" in word or "‑" in word)
    return {
        "".join(parts)
        for parts in compounds
        if all(is_stop_word(without_accents(part), language) or part == "t" for part in parts)
    }


def telling(terms: Sequence[Term]) -> list[Term]:
    """Return the terms that say what a text is about; all, where none does."""
    return [term for term in terms if term.is_telling] or list(terms)


def _language_of(cut: Sequence[tuple[str, str]], text: str, among: Container[str]) -> str:
    lengths = Counter[str]()
    for kind, word in cut:
        lengths[kind] += len(word)
    unspaced = {kind: lengths[kind] for kind in ("han", "hiragana", "katakana", "hangul", "unspaced")}
    if sum(unspaced.values()) * 2 > lengths["plain"]:  # a sign says about as much as two letters
        if unspaced["hiragana"] or unspaced["katakana"] > unspaced["han"]:
            return "ja"
        most = max(unspaced, key=lambda kind: unspaced[kind])
        return {"hangul": "ko", "unspaced": "th"}.get(most, "zh")
    return detect([without_accents(word) for kind, word in cut if kind == "plain"], text, among)


def _looked_for(kind: str, word: str, language: str, among: list[str]) -> Iterator[tuple[tuple[str, ...], bool]]:
    match kind:
        case "plain" | "part":
            is_telling = not is_stop_word(without_accents(word), language)
            forms = dict.fromkeys(form for one in among for form in _of_plain(word, one))
            if language == "en":
                forms |= dict.fromkeys(other for form in _of_plain(word, "en") for other in OTHERS.get(form, ()))
            yield tuple(forms), is_telling
        case "number":  # of a code or a number that is looked for as a whole
            pass
        case "whole":
            yield (tuple(dict.fromkeys((word, *(form for one in among for form in _of_plain(word, one))))), True)
        case "han":
            for part in _HAN_FUNCTION.split(word):
                for gram in _grams(part, 2):
                    yield (gram,), True
        case "hangul":
            if word not in _HANGUL_FUNCTION:
                for gram in _grams(_without_ending(word), 2):
                    yield (gram,), True
        case "unspaced":
            for gram in _grams(word, 3):
                yield (gram,), True
        case "katakana":
            yield (word,), True
            for gram in _grams(word, 2) if len(word) > 3 else ():
                yield (gram,), True
        case _:  # in Japanese, mostly particles and endings
            for gram in _grams(word, 2):
                yield (gram,), False


def _words(text: str) -> list[str]:
    """Return a folded text's words in order; what is joined by a point, a hyphen or the like is one."""
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


def _cut(text: str) -> Iterator[tuple[str, str]]:
    """Yield a folded text's words in order, each with its kind; compounds in parts and, where that helps, whole."""
    for word in _words(text):
        yield from _kinds(word)


@lru_cache(maxsize=50_000)
def _kinds(word: str) -> tuple[tuple[str, str], ...]:
    if not word.isascii():
        for kind, sign in _KINDS:
            if sign.match(word):
                return ((kind, word),)
    if " " in word:
        return (("whole", word.replace(" ", "")), *(("number", part) for part in word.split(" ")))
    if _JOINERS.search(word) is None:
        return (("plain", word[:LONGEST_TERM]),)
    return tuple(_parts(word))


def _parts(word: str) -> Iterator[tuple[str, str]]:
    parts = _JOINERS.split(word)
    if "'" in word or "’" in word:
        if len(parts) == 2 and parts[1] == "s":
            yield "plain", parts[0][:LONGEST_TERM]
            return
        is_elision = parts[0] in _ELISIONS
        if not is_elision and _DIGIT.search(word) is None:
            yield "whole", "".join(parts)[:LONGEST_TERM]
        parts = [part for part in (parts[1:] if is_elision else parts) if len(part) > 1] or parts
    elif whole := _whole(word):
        yield "whole", whole[:LONGEST_TERM]
        for part in parts:
            yield ("number" if len(part) == 1 or part.isdecimal() else "part"), part[:LONGEST_TERM]
        return
    for part in parts:
        yield "plain", part[:LONGEST_TERM]


def _whole(word: str) -> str:
    """Return how a code, a number or a compound is searched as one."""
    if _DIGIT.search(word) is None:
        return re.sub(r"[-‐‑_]", "", word) if re.fullmatch(r"[^.:/@+,]+", word) else ("" if "@" not in word else word)
    if _THOUSANDS.fullmatch(word):
        return re.sub(r"\D", "", word)
    if re.fullmatch(r"\d+,\d+", word):
        return word.replace(",", ".")
    if re.fullmatch(r"[\d\W]+", word):
        return re.sub("[‐‑]", "-", word).replace("'", "").replace("’", "")
    return re.sub(r"[-‐‑_]", "", word)


def _of_plain(word: str, language: str) -> tuple[str, ...]:
    return stems(word, language) if word.isalpha() or not word.isascii() else (word,)


def _grams(word: str, length: int) -> list[str]:
    if not word:
        return []
    return [word[at : at + length] for at in range(max(1, len(word) - length + 1))]


def _without_ending(word: str) -> str:
    for ending in _HANGUL_ENDINGS:
        if len(word) > len(ending) + (1 if len(ending) == 1 else 0) and word.endswith(ending):
            return word[: -len(ending)]
    return word
