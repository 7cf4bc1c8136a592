"""Say which rows of passages a search keeps to."""

from collections.abc import Sequence, Set
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Among:
    """Some rows alone, or all but some; all if `rows` is None."""

    def __init__(self, rows: Set[int] | None = None, *, is_left_out: bool = False) -> None:
        """Take the rows, and whether they are those that don't count."""
        self._rows = rows
        self._is_left_out = is_left_out

    def kept(self, rows: Sequence[int]) -> list[int]:
        """Return those rows that count, in their order."""
        if self._rows is None:
            return list(rows)
        return [row for row in rows if (row in self._rows) is not self._is_left_out]

    def mask(self, rows: "npt.NDArray[np.integer]") -> "npt.NDArray[np.bool_] | None":
        """Return which of these rows count; None: all."""
        if self._rows is None:
            return None
        import numpy as np  # here: it takes a while to import

        return np.isin(rows, self._numbers, invert=self._is_left_out)

    @cached_property
    def _numbers(self) -> "npt.NDArray[np.int64]":
        import numpy as np

        return np.fromiter(self._rows or (), np.int64, len(self._rows or ()))


EVERYTHING = Among()
