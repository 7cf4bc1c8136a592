"""What every loader of documents promises."""

import io

import pytest

from hubbub.core.errors import HubbubError
from hubbub.ingest.base import Loaded, Loader


class LoaderContract:
    """Subclasses give two fixtures: `loader`, and the `content` of a file that it reads, as bytes."""

    def test_it_names_what_it_reads(self, loader: Loader) -> None:
        assert loader.suffixes
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in loader.suffixes)
        assert "/" in loader.media_type

    def test_it_reads_a_file_each_time_alike(self, loader: Loader, content: bytes) -> None:
        loaded = loader.load(io.BytesIO(content))
        assert isinstance(loaded, Loaded)
        assert loaded.blocks
        assert loader.load(io.BytesIO(content)) == loaded

    @pytest.mark.parametrize("damage", [b"", b"\0" * 100, b"\xff\xfe\xfd", b"PK\x03\x04"])
    def test_what_is_damaged_is_read_in_part_or_refused(self, loader: Loader, content: bytes, damage: bytes) -> None:
        for data in (damage, content[: len(content) // 2] + damage):
            try:
                assert isinstance(loader.load(io.BytesIO(data)), Loaded)
            except HubbubError as refused:
                assert refused.message
            except (ValueError, ArithmeticError, EOFError, LookupError):
                pass  # the server says that the file is damaged
