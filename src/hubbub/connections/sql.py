"""Read SQL from `.sql` files, where each query has a name."""

import importlib.resources
import re

TOO_LARGE_A_NUMBER = "A number in this is larger than can be kept. Use a smaller one."
"""What people are told whose numbers have more than 64 bits."""


def read_sql(package: str, name: str) -> str:
    """Return the text of a `.sql` file in a package's `sql` folder."""
    return importlib.resources.files(package).joinpath("sql", name).read_text(encoding="utf-8")


def load_sql(package: str, name: str) -> dict[str, str]:
    """Return the queries of a `.sql` file, by the names in their `-- name:` lines.

    Where a query holds another's name in braces, such as `{seen}`, that one stands in its place.
    """
    parts = re.split(r"^-- name: *(\w+) *$", read_sql(package, name), flags=re.MULTILINE)
    queries: dict[str, str] = {}
    for key, text in zip(parts[1::2], parts[2::2], strict=True):
        # Only what stands above is put in, so that there is no circle.
        queries[key] = re.sub(r"\{(\w+)\}", lambda found: queries.get(found[1], found[0]), text.strip())
    return queries
