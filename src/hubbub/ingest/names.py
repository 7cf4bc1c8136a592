"""Name documents so that people can read the names, and so that no two files share one."""

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from hubbub.core.errors import Invalid
from hubbub.core.reasons import because

NAME_LENGTH = 500

_STOCK_TITLE = re.compile(
    r"""
    (?: (?:microsoft\ )? (?:word|powerpoint|excel|office) [- ]? (?:document|dokument|presentation|präsentation|workbook)
      | (?:présentation|presentación|apresentação|presentazione) (?:\ (?:de|do))? \ (?:microsoft\ )? powerpoint
      | презентация\ powerpoint | powerpoint\ プレゼンテーション | powerpoint\ 演示文稿 | powerpoint\ 簡報
      | untitled(?:\ (?:document|presentation|spreadsheet|page|form))? | no\ title | unnamed
      | new\ document | none | null
      | unbenannt(?:es\ dokument)? | ohne\ titel | neues\ dokument | sans\ (?:titre|nom) | sin\ título
      | senza\ (?:titolo|nome)
      | sem\ título | bez\ (?:tytułu|názvu) | naamloos | без\ (?:названия|имени) | 無題 | 无标题 | 無標題 | 제목\ 없음
      | document | dokument | documento | presentation | präsentation | présentation | book | mappe | classeur
      | folie | slide | slideshow | title | titel | titre | default | template | layout | page | sheet | tabelle
    ) (?: [-_ ]? \(? \d{1,4} \)? )?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PRINTED = re.compile(r"(?:microsoft (?:word|powerpoint|excel|office word)) - (.+)", re.IGNORECASE)
_FILE_NAME = re.compile(
    r".*\.(?:docx?|dotx?|docm|rtf|odt|pptx?|odp|xlsx?|ods|pdf|p65|pm[56]|indd|qxd|qxp|fm|tex|dvi|ps|eps|ai|cdr|html?|txt|md|tmp)",
    re.IGNORECASE | re.DOTALL,
)


def suffix_of(name: str) -> str:
    """Return how a document's name ends, in lower case, with the point: what says which kind of file it is."""
    return PurePosixPath(name).suffix.lower()


def usable_name(name: str) -> str:
    """Return a document's name in its normal form (NFC). White space around it is part of it, as in a folder.

    Raises:
        Invalid: it is empty, too long, or holds control characters.
    """
    name = unicodedata.normalize("NFC", name)
    if not name.strip() or len(name) > NAME_LENGTH:
        raise Invalid(because("document_name", most=NAME_LENGTH))
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise Invalid(because("name_control"))
    return name


def shown_name(path: str) -> str:
    """Return a path of this machine as a name that may be kept: NFC, with signs for control characters.

    What is not UTF-8 in it is taken for Windows' western encoding, as which most such names were written.
    """
    raw = os.fsencode(path)
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        try:
            name = raw.decode("cp1252")
        except UnicodeDecodeError:
            name = raw.decode("latin-1")
    name = "".join(
        chr(0x2400 + ord(one)) if one < " " else "\u2421" if "\x7f" <= one <= "\x9f" else one for one in name
    )
    return unicodedata.normalize("NFC", name)


def told_apart(names: Iterable[str]) -> list[str]:
    """Return names of which none comes twice: the second of a kind gets " (2)" before its suffix."""
    names = list(names)
    taken: set[str] = set()
    used = set(names)
    apart: list[str] = []
    for name in names:
        path = PurePosixPath(name)
        number, chosen = 2, name
        while chosen in taken or (chosen != name and chosen in used):
            chosen = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
            number += 1
        taken.add(chosen)
        apart.append(chosen)
    return apart


def title_of(title: str) -> str:
    """Return the title that somebody gave a document; "" where its program did, or where it names a file."""
    title = " ".join(title.split())
    if printed := _PRINTED.fullmatch(title):
        title = printed.group(1)
    return "" if _STOCK_TITLE.fullmatch(title) or _FILE_NAME.fullmatch(title) else title
