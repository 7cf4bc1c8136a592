"""What is shown of a setting."""

import msgspec


class ShownSetting(msgspec.Struct, frozen=True):
    """A setting as it holds now. A secret's value is never among what is shown."""

    name: str
    """As in the file: the tables above it, with points between."""
    value: str
    source: str
    """default, or where it was set: a file, a variable of the environment, a flag."""
    is_secret: bool = False
