"""Remember what files say that programs send along, since they send the same ones with each question."""

from collections import OrderedDict

KEPT_CHARACTERS = 4_000_000
"""So much is remembered of what files say: programs send a whole conversation with each question."""


class TextsOfFiles:
    """What files said that were sent lately, by their bytes. The oldest go first."""

    def __init__(self) -> None:
        self._texts: OrderedDict[bytes, str] = OrderedDict()
        self._characters = 0

    def get(self, key: bytes) -> str | None:
        """Return what a file says, if it is known."""
        if key in self._texts:
            self._texts.move_to_end(key)
        return self._texts.get(key)

    def keep(self, key: bytes, text: str) -> None:
        """Remember what a file says."""
        if key in self._texts or len(text) > KEPT_CHARACTERS:
            return
        self._texts[key] = text
        self._characters += len(text)
        while self._characters > KEPT_CHARACTERS:
            _, oldest = self._texts.popitem(last=False)
            self._characters -= len(oldest)
