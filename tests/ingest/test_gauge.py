"""How far a file is read is seen while it is read."""

import mmap
import struct

import pytest

from hubbub.ingest.gauge import gauge, read_so_far, reading_one, telling


def test_shows_what_is_told() -> None:
    with gauge() as shown:
        assert shown is not None
        assert shown.part == 0.0
        with telling(shown.descriptor):
            read_so_far(1, 4)
            assert shown.part == 0.25
            read_so_far(9, 4)
            assert shown.part == 1.0
            read_so_far(1, 0)
            assert shown.part == 1.0
        read_so_far(1, 4)
        assert shown.part == 1.0


def test_what_is_told_of_a_part_counts_as_that_part() -> None:
    with gauge() as shown, telling(shown and shown.descriptor):
        assert shown is not None
        with reading_one(1, 4):
            read_so_far(1, 2)
            assert shown.part == 0.375
            with reading_one(1, 2):
                read_so_far(1, 2)
                assert shown.part == 0.4375
        assert shown.part == 0.5


@pytest.mark.parametrize(("written", "seen"), [(float("nan"), 0.0), (-1.0, 0.0), (float("inf"), 1.0), (1e300, 1.0)])
def test_whatever_a_reader_writes_is_a_part(written: float, seen: float) -> None:
    with gauge() as shown:
        assert shown is not None
        with mmap.mmap(shown.descriptor, 8) as shared:
            struct.pack_into("=d", shared, 0, written)
        assert shown.part == seen


def test_nobody_need_look() -> None:
    with telling(None):
        read_so_far(1, 2)
        with reading_one(0, 2):
            read_so_far(1, 2)
