"""Read SQL from `.sql` files, where each query has a name."""

import importlib.resources
import re


def read_sql(package: str, name: str) -> str:
    """Return the text of a `.sql` file in a package's `sql` folder."""
    return importlib.resources.files(package).joinpath("sql", name).read_text(encoding="utf-8")


def load_sql(package: str, name: str) -> dict[str, str]:
    """Return the queries of a `.sql` file, by the names in their `-- name:` lines."""
    parts = re.split(r"^-- name: *(\w+) *$", read_sql(package, name), flags=re.MULTILINE)
    return {name: query.strip() for name, query in zip(parts[1::2], parts[2::2], strict=True)}
