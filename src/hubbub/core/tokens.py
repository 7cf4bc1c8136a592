"""Say about how many tokens a text has where nobody has counted them."""

CHARACTERS_PER_TOKEN = 4
"""Of English text, roughly; what a model has counted itself goes before."""
BYTES_PER_TOKEN = 4
"""Of UTF-8, in any script: a Chinese character, three bytes, is 0.7 to 1.4 tokens of later models."""
