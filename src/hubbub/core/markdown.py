"""Write plain text as Markdown, and read it back the way it is shown."""

import re

# What would be formatting, a link, an entity, a list or a rule, not itself (CommonMark 0.31 and GitHub's additions).
# Of brackets the second is enough: "\[" would begin a formula where they are shown, as "$" does where there are two.
_MEANS_SOMETHING = re.compile(
    r"[\\`*_\]<>#|~]"
    r"|&(?=#?\w+;)|:(?=//)|(?<=\bwww)\.|(?<=\w)@(?=\w)"
    r"|^[-+](?=\s|$)|^[-=](?=[-=\s]*$)"
)
_ITEM_NUMBER = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def escape(text: str) -> str:
    """Return Markdown that is shown as the text itself, on one line: white space is shown as single spaces anyway."""
    line = _MEANS_SOMETHING.sub(r"\\\g<0>", " ".join(text.split()))
    if line.count("$") > 1:
        line = line.replace("$", r"\$")
    return _ITEM_NUMBER.sub(r"\1\\\2", line)


def unescape(markdown: str) -> str:
    """Return the text that `escape` was given, its white space as single spaces. Formatting is left as it stands."""
    return _ESCAPED.sub(r"\1", markdown)
