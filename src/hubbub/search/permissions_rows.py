"""Say which names groups may have, whichever database keeps them."""

from hubbub.core.errors import Invalid
from hubbub.core.readable import is_readable

GROUP_NAME_CHARACTERS = 256
"""As many as Entra ID lets a group's name have, which is more than Okta does."""


def usable_group_name(name: str) -> str:
    """Return a group's name without white space around it.

    Raises:
        Invalid: nothing is left of it, it is over 256 characters, or some of them can't be seen.
    """
    name = name.strip()
    if not 0 < len(name) <= GROUP_NAME_CHARACTERS or not is_readable(name):
        raise Invalid(f"A group's name has 1 to {GROUP_NAME_CHARACTERS} characters, all of them to be seen.")
    return name
