"""Name a chat after its first question."""

TITLE_CHARACTERS = 60


def title_of(text: str) -> str:
    """Return a chat's title: the beginning of its first question, cut at a word unless that would leave too little."""
    line = " ".join(text.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    cut = line[: TITLE_CHARACTERS - 1]
    at_word = cut.rpartition(" ")[0]  # runs of Chinese or Japanese have none
    return (at_word if len(at_word) >= TITLE_CHARACTERS // 2 else cut) + "…"
