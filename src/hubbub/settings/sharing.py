"""The table of sharing: how far people may share their chats."""

from hubbub.settings.table import Table


class Sharing(Table):
    """How far people may share what is theirs."""

    chats_with_everybody: bool = False
    """Whether a chat may be shared with anybody who has the link, without signing in. Turned off again, such links open
    nothing."""
