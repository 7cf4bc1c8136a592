"""Read the hits sentence by sentence: what may be quoted, and what each sentence needs beside it to be understood."""

import re
from collections.abc import Generator, Sequence, Set
from typing import NamedTuple

import msgspec

from hubbub.conversation.declared import LABELLED, MOST_WORDS, Declared, declared_in, is_bare, is_form, refers
from hubbub.core.documents import Hit
from hubbub.core.languages import is_stop_word
from hubbub.core.sentences import sentences
from hubbub.core.wording import index_terms, language_of

READ_HITS = 20
"""More than a person is shown: reading costs little, and of twenty hits 1.5 % more answers came than of eight."""
READ_CHARACTERS = 8_000
"""How much of a hit is read."""
QUOTE_CHARACTERS = 1_000
"""A "sentence" that is longer is a table or a text without stops, and no quote."""
WITH_NEIGHBOURS_CHARACTERS = 700
"""A quote gets no longer than this by what is taken along."""
HEADING_CHARACTERS = 100
HEADING_WORDS = 3
"""A paragraph's first sentence that has no more words is a heading, more often than not: "4. Deposit. The tenant …"."""
HEADING_SIGNS = 4
"""… and so many signs in scripts without spaces: "年假。工作满一年 …"."""
SEPARATOR = " › "

Span = tuple[int, int]

_ITEM = re.compile(r"[ \t]*(?:[-*+•‣·–][ \t]|\(?(?:\d{1,3}|[a-z])[.)][ \t])")
_ROW = "|"
_CONNECTING = frozenset("and of und y e et en van von и de du des del do da dos das di della".split())
"""These stand in headings; other words of the kind make a sentence: "Files are blue.", "It rained."."""
_KOREAN_SENTENCE = ("다", "요", "오", "까")
_VALUE = re.compile(r"[:：]\s*\S*\d")
_ANNOUNCES = re.compile(r"[:：]\s*$")

# How sentences begin that speak of what was named before, in the ten languages with the most pages on the web and
# their neighbours. Those of the languages that have upper case are matched as they stand at a beginning.
_LEANING = re.compile(
    r"""(?:
    (?:This|These|Those|That|It|Its|They|Their|Them|He|She|His|Her|Such|Both|Each\ of\ (?:these|them)|However|Therefore
    |Thus|Hence|Moreover|Furthermore|Otherwise|Instead|Also|Similarly|Likewise|Then|Here|There(?!\ (?:is|are|was|were))
    |In\ (?:addition|contrast|this|that|these|those|such)|As\ a\ result|For\ (?:example|instance|this|that|these)
    |(?:[A-Z]\w+\ )?(?:[A-Z]?\w+)\ of\ (?:these|those|them)|What\ (?:all\ )?(?:these|those|this|that)
    |On\ the\ other\ hand|But|And|So|Or|One\ of\ (?:these|them)|The\ (?:former|latter|same)
    |Dies|Dieser|Diese|Dieses|Diesen|Diesem|Jener|Jene|Er|Sie|Es|Ihr|Ihre|Sein|Seine|Solche|Dabei|Dafür|Daher
    |Deshalb|Dazu|Damit|Dadurch|Dort|Davon|Außerdem|Jedoch|Beide|Allerdings|Zudem|Ferner|Danach|Aber|Und
    |Ce|Cet|Cette|Ces|Cela|Ceci|Il(?!\ (?:y|faut|est))|Elle|Ils|Elles|Leur|Leurs|Son|Sa|Ses|Toutefois|Cependant|Donc
    |Ainsi|De\ plus|En\ outre|Par\ exemple|Mais
    |Este|Esta|Estos|Estas|Ese|Esa|Esos|Esas|Esto|Eso|Él|Ella|Ellos|Ellas|Su|Sus|Sin\ embargo|Por\ lo\ tanto|Además
    |También|Pero|Questo|Questa|Questi|Queste|Esso|Essa|Essi|Tuttavia|Inoltre|Quindi|Isto|Isso|Ele|Ela|Eles|Elas
    |Seu|Sua|Contudo|Além\ disso|Deze|Dit|Dat|Hij|Zij|Ze|Het\ is|Daarom|Echter|Detta|Denna|Dessa|Han|Hon|De\ är
    |Это|Этот|Эта|Эти|Он|Она|Оно|Они|Его|Её|Их|Однако|Поэтому|Такой|Такая|Такие|Также|Кроме\ того|Но)\b
    |(?:这|這|该|該|它|他|她|此|其|因此|但是|然而|另外|これ|この|それ|その|彼|また|しかし|そのため|ただし
    |이것|이는|그것|그는|그녀|이러한|이때|그러나|따라서|또한|هذا|هذه|ذلك|تلك|لكن|لذلك|كما)
    |(?:यह|ये|वह|वे|इस|इसका|इसके|इसकी|इन|उस|هو|هي|هم)(?=\s)
    )""",
    re.VERBOSE,
)


class Layout(NamedTuple):
    """Where the sentences of a text begin and end, and what they stand in."""

    spans: list[Span]
    begins: Set[int]
    """Where a paragraph, an item or a row begins."""
    headings: dict[int, str]
    """Those that paragraphs begin with, by where these begin.

    Such a heading is one with the sentence that follows it: it would say nothing by itself.
    """
    declared: list[Declared]
    """The lines that say by its code of what the text speaks."""


class Candidate(msgspec.Struct, frozen=True):
    """A sentence as it is read: its terms, those just around it and those of its whole passage."""

    hit: Hit
    rank: int
    layout: Layout
    place: int
    """Which of the sentences of its passage it is."""
    start: int
    end: int
    language: str
    terms: Set[str]
    around: Set[str]
    named: Set[str]
    """The terms that stand for it by name: its own, its headings', and those of what it is quoted with."""
    passage: Set[str]
    leans: bool
    """Whether it speaks of what stands before it, which it is quoted with."""
    heading: str
    """The innermost that it stands below, be it the first words of its paragraph."""
    opens: bool
    """Whether it is the first below that."""
    columns: str = ""
    """The row that names the columns, where the sentence is a row of a table."""
    since: int | None = None
    """Where the line begins that says by its code of what the sentence speaks, which it is quoted with."""
    declared: Set[str] = frozenset()
    """The terms of that line, and of those like it that the sentence is of."""

    @property
    def text(self) -> str:
        return self.hit.text[self.start : self.end]

    @property
    def is_bare(self) -> bool:
        """Whether it is a line that names something, by a code or below a label, and says hardly more of it."""
        return is_bare(self.text) or (LABELLED.match(self.text) is not None and len(self.text.split()) <= MOST_WORDS)

    @property
    def is_record(self) -> bool:
        """Whether it is made of lines with labels."""
        return is_form(self.text)


class Reading(NamedTuple):
    """What was read."""

    candidates: list[Candidate]
    languages: list[str]
    """Of the hits, in order."""


def read(hits: Sequence[Hit]) -> Generator[None, None, Reading]:
    """Return the sentences of the first hits that may be quoted, none twice. Who drives this may pause in between."""
    candidates: list[Candidate] = []
    languages: list[str] = []
    seen: set[str] = set()  # passages of a document may overlap
    for rank, hit in enumerate(hits[:READ_HITS], start=1):
        text = hit.text[:READ_CHARACTERS]
        language = language_of(text)
        languages.append(language)
        innermost = hit.heading.rpartition(SEPARATOR)[2]
        above = _terms(f"{hit.title} {hit.heading}", language)
        name = _terms(hit.name, language)
        known = above | name | _terms(text, language)
        before: Set[str] = frozenset()
        topic: Set[str] = frozenset()
        columns: Span | None = None
        run_in, is_item = "", False
        yield
        layout = _layout(text, language)
        for place, (start, end) in enumerate(layout.spans):
            yield
            sentence = text[start:end]
            terms = _terms(sentence, language)
            if _is_salutation(text, start, end):
                above |= terms  # whoever is spoken to stays the same below it
            begins = start in layout.begins
            if begins:
                run_in = layout.headings.get(start, "")
                is_item = not run_in and _ITEM.match(text, start) is not None
                topic = _terms(run_in, language) if run_in else frozenset()
            is_first_row = False
            if not sentence.startswith(_ROW):
                columns = None
            elif columns is None:
                columns, is_first_row = (start, end), text[end : end + 2].lstrip(" \t\r").startswith("\n|")
            if columns is not None and columns[0] != start:
                before = _terms(text[slice(*columns)], language)
            if sentence not in seen and not is_first_row and _is_quotable(text, start, end):
                named = text[slice(*columns)] if columns is not None and columns[0] != start else ""
                headed = above | topic if topic else above
                around = headed | before
                leans = (is_item and not begins) or _LEANING.match(sentence) is not None
                is_with = bool(named) or leans
                candidates.append(
                    Candidate(
                        hit,
                        rank,
                        layout,
                        place,
                        start,
                        end,
                        language,
                        terms,
                        around,
                        named=terms | name | (around if is_with else headed),
                        passage=known,
                        leans=leans,
                        heading=run_in or innermost,
                        opens=not named and (begins if run_in else place == 0),
                        columns=named,
                        declared=_declared(text, layout, start, end, language),
                    )
                )
            seen.add(sentence)
            before = before | terms if is_item and not begins else terms
    return Reading(candidates, languages)


def _layout(text: str, language: str) -> Layout:
    spans: list[Span] = []
    begins: set[int] = set()
    headings: dict[int, str] = {}
    may_be = False
    for start, end in sentences(text):
        is_first = not spans or _begins(text, spans[-1][1], start)
        if is_first:
            begins.add(start)
        elif may_be and (heading := _run_in(text, *spans[-1], language)):
            headings[spans[-1][0]] = heading
            spans[-1] = spans[-1][0], end
            may_be = False
            continue
        spans.append((start, end))
        may_be = is_first
    return Layout(spans, begins, headings, declared_in(text))


def _begins(text: str, before: int, start: int) -> bool:
    """Tell whether a sentence begins a paragraph, an item or a row; only white space parts it from the one before."""
    return text.count("\n", before, start) > 1 or text.startswith(_ROW, start) or _ITEM.match(text, start) is not None


def _run_in(text: str, start: int, end: int, language: str) -> str:
    """Return the heading that a paragraph's first sentence is; empty where it is none."""
    stop = text[end - 1]
    if stop not in ".。":
        return ""
    item = _ITEM.match(text, start)
    heading = text[item.end() if item else start : end - 1].strip()
    if not heading or len(heading) > HEADING_CHARACTERS or heading.endswith(_KOREAN_SENTENCE):
        return ""
    if stop == "。":
        return heading if len(heading) <= HEADING_SIGNS else ""
    first, *others = heading.lower().split()
    is_sentence = (
        len(others) >= HEADING_WORDS
        or is_stop_word(first, language)
        or (len(others) == HEADING_WORDS - 1 and any(map(str.isdigit, heading)))
        or any(is_stop_word(word, language) and word not in _CONNECTING for word in others)
    )
    return "" if is_sentence else heading


def _is_quotable(text: str, start: int, end: int) -> bool:
    if end - start > QUOTE_CHARACTERS or text[end - 1] in "?？؟" or text[start:end].strip("|-: \t") == "":
        return False
    if _is_salutation(text, start, end) or refers(text[start:end]):
        return False
    return not _is_heading(text, start, end)


def _is_salutation(text: str, start: int, end: int) -> bool:
    """Tell whether this is a short line that ends in a comma: "Dear Ms Ada,"."""
    return text[end - 1] in ",，،" and end - start <= HEADING_CHARACTERS and "\n" in text[end : end + 2]


def _is_heading(text: str, start: int, end: int) -> bool:
    """Tell whether a sentence is a line by itself, set apart below, that ends in no stop."""
    is_apart = text[start - 1 : start] in ("", "\n") and text.startswith("\n\n", end)
    if is_apart and _is_of_a_form(text, start, end):
        return False
    if is_apart and _ITEM.match(text, start):
        is_apart = text[start].isalnum() and text[max(0, start - 2) : start] in ("", "\n\n")  # no list's last item
    return is_apart and end - start <= HEADING_CHARACTERS and text[end - 1].isalnum()


def _is_of_a_form(text: str, start: int, end: int) -> bool:
    """Tell whether this is a line with a label, as "Total: 120.00" or one of several; or several lines."""
    if "\n" in text[start:end] or _VALUE.search(text, start, end):
        return True
    before = text.rfind("\n", 0, max(0, start - 2)) + 1
    others = LABELLED.match(text, before, start) or LABELLED.match(text, end + 2)
    return LABELLED.match(text, start, end) is not None and others is not None


def _terms(text: str, language: str) -> Set[str]:
    return frozenset(index_terms(text, language))


def _declared(text: str, layout: Layout, start: int, end: int, language: str) -> Set[str]:
    lines = [text[one.start : one.end] for one in layout.declared if start < one.end and one.start < end]
    return _terms(" ".join(lines), language) if lines else frozenset()


def with_declared(candidate: Candidate) -> list[Candidate]:
    """Return a sentence once more with each of the lines that say by its code of what it speaks, if any."""
    found: list[Candidate] = []
    for line in candidate.layout.declared:
        is_of_it = line.first <= candidate.start < line.last and not line.start <= candidate.start < line.end
        start, end = min(line.start, candidate.start), max(line.end, candidate.end)
        if is_of_it and not candidate.columns and end - start <= QUOTE_CHARACTERS:
            terms = _terms(candidate.hit.text[line.start : line.end], candidate.language)
            named, around = candidate.named | terms, candidate.around | terms
            since, declared = line.start, candidate.declared | terms
            found.append(
                msgspec.structs.replace(
                    candidate, named=named, around=around, leans=True, since=since, declared=declared
                )
            )
    return found


def is_item(candidate: Candidate) -> bool:
    """Tell whether a sentence begins an item of a list."""
    return _ITEM.match(candidate.hit.text, candidate.start) is not None


def with_neighbours(candidate: Candidate, *, with_steps: bool = False) -> Span:
    """Return where a quote begins and ends that can be understood by itself.

    It takes along the sentence that it leans on, the list that it announces, or what announces the list it stands in;
    with steps, also the items that follow it, where it is the first of a list that nothing announces.
    """
    text, layout, place = candidate.hit.text[:READ_CHARACTERS], candidate.layout, candidate.place
    spans = layout.spans
    first = _first(text, layout, place)
    last = _last(text, spans, place, spans[first][0])
    if with_steps and _ITEM.match(text, spans[place][0]):
        last = max(last, _last_item(text, spans, place))
    start, end = spans[first][0], spans[last][1]
    if candidate.since is not None:
        start = min(start, candidate.since)
        end = max(end, next(line.end for line in layout.declared if line.start == candidate.since))
    return start, end


def _first(text: str, layout: Layout, place: int) -> int:
    spans = layout.spans
    start, end = spans[place]
    if _ITEM.match(text, start):
        above = place - 1
        while above >= 0 and _ITEM.match(text, spans[above][0]):
            above -= 1
        if above >= 0 and _ANNOUNCES.search(text[slice(*spans[above])]) and _fits(spans[above][0], end):
            return above
        return place
    first = place
    is_item = _is_in_item(text, layout, place)
    while (
        first > 0
        and (_LEANING.match(text, spans[first][0]) or (is_item and spans[first][0] not in layout.begins))
        and not text.startswith(_ROW, spans[first - 1][0])
        and not _is_heading(text, *spans[first - 1])
        and _fits(spans[first - 1][0], end)
    ):
        first -= 1
    return first


def _is_in_item(text: str, layout: Layout, place: int) -> bool:
    """Tell whether a sentence stands in a list's item that no heading begins: it says more of the same thing."""
    while (start := layout.spans[place][0]) not in layout.begins:
        place -= 1
    return start not in layout.headings and _ITEM.match(text, start) is not None


def _last(text: str, spans: Sequence[Span], place: int, start: int) -> int:
    if not _ANNOUNCES.search(text[slice(*spans[place])]):
        return place
    last = place
    while last + 1 < len(spans) and _fits(start, spans[last + 1][1]):
        is_item = _ITEM.match(text, spans[last + 1][0]) is not None
        if not is_item and last > place:
            break
        last += 1
        if not is_item:
            break
    return last


def _last_item(text: str, spans: Sequence[Span], place: int) -> int:
    """Return where the steps end that begin here; a step may be several sentences long."""
    last = place
    for at in range(place + 1, len(spans)):
        start, end = spans[at]
        is_apart = "\n\n" in text[spans[at - 1][1] : start] and not _ITEM.match(text, start)
        if is_apart or not _fits(spans[place][0], end):
            break
        last = at
    return last


def _fits(start: int, end: int) -> bool:
    return end - start <= WITH_NEIGHBOURS_CHARACTERS
