"""Write the generated pages of docs/reference from the code."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hubbub.settings.descriptions import description_of
from hubbub.settings.faults import MODEL_TABLES
from hubbub.settings.ingest import Ingest, SyncedFolder, SyncedRepository, SyncedWebsite
from hubbub.settings.load import variable_of
from hubbub.settings.oidc import OidcProvider
from hubbub.settings.proxies import IdentityProxy
from hubbub.settings.tree import Identity, Settings, fields

ROOT = Path(__file__).resolve().parent.parent
SETTINGS_PAGE = ROOT / "docs" / "reference" / "settings.md"
INTRODUCTION = """\
# Settings

<!-- Written by `make docs` from src/hubbub/settings; change it there. -->

Later ones win: the defaults below, then `hubbub.toml` in the working directory (or the file that
`--config` or `HUBBUB_CONFIG` names), then `HUBBUB_…` variables, then the flags of the command line. A
setting of a table is a key in `[table]`, and the variable that stands below its name. A key or a
`HUBBUB_…` variable that does not exist stops the start. See [Change the settings](../how-to/settings.md).
"""


def settings_page() -> str:
    """Return the page of all settings, as Markdown."""
    parts = [INTRODUCTION]
    alone: list[tuple[str, FieldInfo]] = []
    for name, field in Settings.model_fields.items():
        table = field.annotation
        if isinstance(table, type) and issubclass(table, BaseModel):
            parts.append(_section(f"`[{name}]`", table, (name,)))
            if table is Ingest:
                parts.append(_repeated("`[[ingest.folders]]`", SyncedFolder))
                parts.append(_repeated("`[[ingest.websites]]`", SyncedWebsite))
                parts.append(_repeated("`[[ingest.repositories]]`", SyncedRepository))
            if table is Identity:
                for kind, one in (("oidc", OidcProvider), ("proxies", IdentityProxy)):
                    path = ("identity", kind, "<name>")
                    parts.append(_section(f"`[identity.{kind}.<name>]`", one, path, level="###"))
        elif name != "models":
            alone.append((name, field))
    parts.append("## Above all tables\n\n" + _table((((name,), field) for name, field in alone), ()))
    parts.append(
        "## `[models.<name>]`\n\nOne table a model, by the name that people choose it by; the order is the order of "
        "preference. `provider` says which of the following tables it is.\n"
    )
    for provider, table in MODEL_TABLES.items():
        parts.append(_section(f'`provider = "{provider}"`', table, ("models", "<name>"), level="###"))
    return "\n".join(parts)


def _section(title: str, table: type[BaseModel], above: tuple[str, ...], level: str = "##") -> str:
    # What a table says itself comes first, then what it shares with others.
    items = sorted(fields(table, above), key=lambda item: item[0][len(above)] not in table.__annotations__)
    return f"{level} {title}\n\n{table.__doc__}\n\n{_table(items, above)}"


def _table(items: Iterable[tuple[tuple[str, ...], FieldInfo]], above: tuple[str, ...]) -> str:
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    for path, field in items:
        variable = variable_of(path).replace("_NAME_", "<NAME>") if "<name>" in path else variable_of(path)
        name = ".".join(path[len(above) :])
        lines.append(f"| `{name}`<br>`{variable}` | {_default(path, field)} | {description_of(field)} |")
    return "\n".join(lines) + "\n"


def _repeated(title: str, table: type[BaseModel]) -> str:
    """Return a table that stands any number of times: its keys have no variables of their own."""
    lines = [f"### {title}", "", str(table.__doc__), "", "| setting | default | what it is |", "|---|---|---|"]
    for name, field in table.model_fields.items():
        default = "needed" if field.is_required() else f"`{_toml(field.default)}`"
        lines.append(f"| `{name}` | {default} | {description_of(field)} |")
    return "\n".join(lines) + "\n"


def _default(path: tuple[str, ...], field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "default" in extra:
        return str(extra["default"])
    if path[0] == "models" and path[-1] == "provider":
        return f"`{_toml(get_args(field.annotation)[0])}`"
    default: Any = Settings()
    if "<name>" in path:
        default = field.get_default(call_default_factory=True, validated_data={})
    else:
        for name in path:
            default = getattr(default, name)
    if default is PydanticUndefined:
        return "needed"
    return "none" if default is None else f"`{_toml(default)}`"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def main() -> int:
    """Write the pages."""
    SETTINGS_PAGE.parent.mkdir(parents=True, exist_ok=True)
    SETTINGS_PAGE.write_text(settings_page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
