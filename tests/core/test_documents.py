"""What people are told about documents."""

import pytest

from hubbub.core.documents import page_name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("plan.pdf", "page 3"),
        ("Talk.PPTX", "slide 3"),
        ("a.odp", "slide 3"),
        ("odp", "page 3"),
        ("x.pptx.pdf", "page 3"),
    ],
)
def test_a_page_of_a_deck_is_a_slide(name: str, told: str) -> None:
    assert page_name(name, 3) == told
