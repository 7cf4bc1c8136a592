"""Say about how many tokens a text has where nobody has counted them."""

from collections.abc import Sequence

CHARACTERS_PER_TOKEN = 4
"""Of English text, roughly; what a model has counted itself goes before."""
BYTES_PER_TOKEN = 4
"""Of UTF-8, in any script: a Chinese character, three bytes, is 0.7 to 1.4 tokens of later models."""
TOKENS_PER_PICTURE = 1_000
"""Of a photograph of a megapixel, roughly: by model and size it is 250 to 1,600."""
TOKENS_PER_GLANCE = 85
"""Of a picture that is to be looked at in little detail, whatever its size."""


def picture_tokens(pictures: int, details: Sequence[str] = ()) -> int:
    """Return about how many tokens so many pictures have; `details` says of each how closely it is looked at."""
    glances = sum(one == "low" for one in details)
    return glances * TOKENS_PER_GLANCE + (pictures - glances) * TOKENS_PER_PICTURE
