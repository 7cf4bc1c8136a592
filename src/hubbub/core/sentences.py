"""Find where sentences begin and end."""

import re

_STOP = re.compile(
    r"""(?<![.!?…])[.!?…]++["'”’»›)\]]*+(?:\[\d{1,3}\])*+(?=\s)"""  # the brackets: a footnote's number
    r"""|[。！？｡]++[」』”’）)]*+"""
    r"""|[।॥؟۔]++(?=\s|$)"""
)
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+•‣·–][ \t]|\(?\d{1,3}[.)][ \t]|#{1,6}[ \t]|\|)")
_LINE_OF_ITS_OWN = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\|)")
_WORD_BEFORE = re.compile(r"[\w.&-]*$")
_NEXT_WORD = re.compile(r"""["'“‘„«‹(\[¿¡]*([\w-]*)""")
_OPENING = "\"'“‘„«‹([¿¡"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What stands before a name goes on after its point …
_GOES_ON = _words(
    """adm approx assoc bros ca capt cf cmdr cpl dept dipl dr eds eq esp fig figs fr gen gouv gov hon hr hrsg lt maj
    messrs mgr mlle mm mme mr mrs ms mt mts nr nos pp pres prof rev sect sen sgt st ste str supt tel univ vgl viz vol
    vols vs bzw d.h e.g i.e s.o u.a z.b"""
)
# … what may stand at the end of a sentence as well goes on unless a usual first word follows …
_MAY_END = _words(
    """a.d a.m al ave b.c b.c.e b.sc bc bldg blvd c.e cie co col corp d.c dr.med e.u ed est etc inc jr ltd m.a m.d m.sc
    max min op p.m p.s ph.d pl r.i.p rd rep sq sr u.k u.n u.s u.s.a usw w.r.t"""
)
# … and these go on before a number only.
_BEFORE_NUMBERS = _words(
    """abb abs app art bd cap ch chap ex fol ill jan feb mar apr jun jul aug sep sept oct okt nov dec dez no p par para
    pt s sec ser tab v"""
)
_FIRST_WORDS = _words(
    """a after all also although an and another as at because before both but by der die das during each ein eine er es
    even every first for from he her his however how i if in instead it its later many meanwhile moreover most no not of
    on once one or other our several she since so some such that the their then there these they this those though thus
    to today two under unlike until we what when where whether which while who why with yet you your"""
)
_MONTHS = _words("januar februar märz april mai juni juli august september oktober november dezember")


def sentences(text: str) -> list[tuple[int, int]]:
    """Return each sentence's start and end in the text, in order.

    They do not overlap, begin and end with something other than white space, and leave out nothing
    else. Headings, list items and rows of tables, one a line, are sentences of their own; a single
    line break within a paragraph ends none. Takes time linear in the length of the text.
    """
    spans: list[tuple[int, int]] = []
    for block_start, block_end in _blocks(text):
        start = block_start
        for stop in _STOP.finditer(text, block_start, block_end):
            if stop.end() < block_end and _ends(text, start, stop):
                _append(spans, text, start, stop.end())
                start = stop.end()
        _append(spans, text, start, block_end)
    return spans


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


def _blocks(text: str) -> list[tuple[int, int]]:
    blocks: list[tuple[int, int]] = []
    start = position = 0
    begins_anew = False
    for line in text.splitlines(keepends=True):
        is_blank = line.isspace()
        if position > start and (is_blank or begins_anew or _LIST_ITEM.match(line)):
            blocks.append((start, position))
            start = position
        begins_anew = is_blank or _LINE_OF_ITS_OWN.match(line) is not None
        position += len(line)
    blocks.append((start, position))
    return blocks


def _ends(text: str, start: int, stop: re.Match[str]) -> bool:
    """Decide whether the sentence that began at `start` ends with this stop."""
    if stop.group()[0] in "。！？｡।॥؟۔":
        return True
    after = stop.end()
    while text[after : after + 1].isspace():
        after += 1
    first = text[after : after + 1]
    match = _NEXT_WORD.match(text, after, after + 40)
    word = match.group(1) if match else ""
    if word[:1].islower() or (not word and first and first not in _OPENING and not first.isalnum()):
        return False
    if stop.group()[0] != "." or stop.group().startswith(".."):
        return True
    return not _is_abbreviation(text, start, stop.start(), word)


def _is_abbreviation(text: str, start: int, point: int, next_word: str) -> bool:
    before = _WORD_BEFORE.search(text, max(start, point - 24), point)
    word = before.group().lstrip(".-") if before else ""
    lowered = word.lower()
    if word.isdigit():
        # The number of a list's item, or a German date: "3. Oktober".
        is_item = before is not None and not text[start : before.start()].strip()
        return is_item or (len(word) <= 2 and next_word.lower() in _MONTHS)
    if lowered in _BEFORE_NUMBERS and next_word[:1].isdigit():
        return True
    if lowered in _GOES_ON:
        return True
    is_initial = len(word) == 1 and word.isalpha() and (word.isupper() or next_word[:1].isupper())
    is_dotted = "." in word and all(len(part) <= 2 for part in word.split("."))
    if lowered in _MAY_END or is_initial or is_dotted:
        return next_word.lower() not in _FIRST_WORDS and next_word != ""
    return False
