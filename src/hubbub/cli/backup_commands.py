"""The commands that back up and restore."""

from pathlib import Path
from typing import Annotated

import typer

from hubbub.cli.commands import Config, DataFolder, named_errors, settings_of


def backup(
    target: Annotated[Path, typer.Argument(help="The folder to make; nothing may be there yet.", metavar="FOLDER")],
    without_originals: Annotated[
        bool, typer.Option("--without-originals", help="Leave out the files of documents; what was read of them stays.")
    ] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Back up chats, people, documents and files while servers run: all of one moment, with a sum of each piece.

    It holds secrets and chats: only its owner may read it.
    """
    from hubbub.cli import backup as backing

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        backing.backup(settings, target, without_originals=without_originals)


def restore(
    backup: Annotated[Path, typer.Argument(help="The folder that `hubbub backup` made.", metavar="FOLDER")],
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of what is there already.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Restore a backup while no server runs: it is checked first, and asked a question at the end."""
    from hubbub.cli import backup as backing

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        backing.restore(settings, backup, replaces=replace)
