"""Say about how many tokens a text has where nobody has counted them."""

CHARACTERS_PER_TOKEN = 4
"""Of English text, roughly; what a model has counted itself goes before."""
