"""What all commands share: flags, settings, and errors in a line each."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubbub.cli.terminal import printable
from hubbub.core.errors import HubbubError, SettingsError

if TYPE_CHECKING:
    from hubbub.settings import Settings

Config = Annotated[Path | None, typer.Option(help="The settings' file, in place of hubbub.toml.", show_default=False)]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Where everything is kept.", show_default=False)]
SYNC_SOURCE = (
    "A folder, a website's URL, a git repository's, a bucket's (s3://… or az://…), or the name of a bucket or a "
    "mailbox of the settings."
)


def settings_of(config: Path | None, flags: dict[str, object]) -> "Settings":
    """Return the settings, or exit with 2 and a line for each fault."""
    from hubbub.settings import load_settings

    try:
        return load_settings(flags, config=config)
    except SettingsError as error:
        raise exit_for(error) from None


def exit_for(error: SettingsError) -> typer.Exit:
    """Print each fault of the settings in a line; return what ends the command."""
    for fault in error.faults:
        complain(f"settings: {fault}")
    return typer.Exit(2)


def complain(text: str) -> None:
    """Print what went wrong where errors go."""
    from rich.console import Console

    Console(stderr=True, soft_wrap=True, highlight=False).print(text, style="red", markup=False)


@contextmanager
def named_errors() -> Generator[None]:
    """Print an error that has a name in one line and exit with 1; faults of the settings a line each, with 2."""
    try:
        yield
    except SettingsError as error:
        raise exit_for(error) from None
    except HubbubError as error:
        complain(f"hubbub: {printable(error.for_operators)}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
