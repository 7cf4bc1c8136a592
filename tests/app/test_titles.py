import pytest

from hubbub.app.titles import TITLE_CHARACTERS, title_of


@pytest.mark.parametrize(
    "text",
    [
        "Translate: " + "我们明天在图书馆见面讨论这个项目的进展" * 20,
        "x" * 500,
        "a word and " + "verylongword" * 30,
        "many short words in a row " * 20,
    ],
)
def test_a_title_uses_its_room(text: str) -> None:
    title = title_of(text)
    assert TITLE_CHARACTERS // 2 < len(title) <= TITLE_CHARACTERS
    assert text.startswith(title[:-1].rstrip()) and title.endswith("…")


def test_a_title_ends_at_a_word_where_there_are_words() -> None:
    assert title_of("many short words " * 20)[:-1].split()[-1] in {"many", "short", "words"}
    assert title_of("  short\n question ") == "short question"
