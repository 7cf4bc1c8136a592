"""The commands of `hubbub links`."""

from typing import Annotated

import typer

from hubbub.cli.commands import Config, DataFolder, named_errors, settings_of

links = typer.Typer(help="Links by which people share their chats.", no_args_is_help=True)


@links.command("list")
def list_links(data: DataFolder = None, config: Config = None) -> None:
    """List all links that open a chat: whose each is, and for whom. The chats themselves are not shown."""
    from hubbub.cli import links as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.list_links(settings)


@links.command("end")
def end_link(
    link: Annotated[str, typer.Argument(help="The link's id.", metavar="ID")],
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """End a link: it opens nothing any more, and who reads by it can't go on, within a second."""
    from hubbub.cli import links as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.end_link(settings, link)
