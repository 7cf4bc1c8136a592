"""The commands of `hubbub people` and `hubbub groups`."""

from pathlib import Path
from typing import Annotated

import typer

from hubbub.cli.commands import Config, DataFolder, named_errors, settings_of

people = typer.Typer(
    help="People with accounts. Works on the machine itself, whether the server runs or not.", no_args_is_help=True
)
groups = typer.Typer(help="Groups of people, which collections can be shared with.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The person's e-mail address.", metavar="EMAIL")]
EmailOrId = Annotated[str, typer.Argument(help="The person's e-mail address or id.", metavar="EMAIL-OR-ID")]


@people.command("list")
def list_people(data: DataFolder = None, config: Config = None) -> None:
    """List all people who are known: how they sign in, when they did last, and who is invited."""
    from hubbub.cli import people as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.list_people(settings)


@people.command("invite")
def invite_person(
    email: Email,
    name: Annotated[str, typer.Option(help="Their name; they can change it.", show_default=False)] = "",
    operator: Annotated[bool, typer.Option("--operator", help="They become an operator.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Print a link by which somebody makes an account; it is mailed, too, where a mail server is set."""
    from hubbub.cli import people as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.invite(settings, email, name=name, is_operator=operator)


@people.command("reset")
def reset_person(who: EmailOrId, data: DataFolder = None, config: Config = None) -> None:
    """Print a link by which a person sets a new password; it removes their second factor, too."""
    from hubbub.cli import people as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.reset(settings, who)


@people.command("disable")
def disable_person(who: EmailOrId, data: DataFolder = None, config: Config = None) -> None:
    """Disable a person: their sign-ins and API keys end within a second."""
    from hubbub.cli import people as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.set_active(settings, who, is_active=False)


@people.command("enable")
def enable_person(who: EmailOrId, data: DataFolder = None, config: Config = None) -> None:
    """Enable a person who was disabled. Their API keys stay revoked."""
    from hubbub.cli import people as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.set_active(settings, who, is_active=True)


@people.command("export")
def export_person(
    who: EmailOrId,
    to: Annotated[Path | None, typer.Option(help="Where the file is put.", show_default="person-ID.zip here")] = None,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Put all that is kept of a person into one ZIP file: chats, documents, collections, usage, audit and the rest."""
    from hubbub.cli import personal as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.export(settings, who, to)


@people.command("erase")
def erase_person(
    who: EmailOrId,
    hand_over_to: Annotated[
        str | None,
        typer.Option(
            help="Who gets their collections, assistants and prompts, by e-mail address or id.", show_default="nobody"
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Delete all that is kept of a person, and print what went and what stays. It can't be undone."""
    from hubbub.cli import personal as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.erase(settings, who, hand_over_to, is_agreed=yes)


@people.command("hand-over")
def hand_over(
    who: EmailOrId,
    to: Annotated[str, typer.Argument(help="Who gets it, by e-mail address or id.", metavar="TO")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Give a person's collections, assistants and prompts to somebody else. Chats stay the person's."""
    from hubbub.cli import personal as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.hand_over(settings, who, to, is_agreed=yes)


@people.command("hold")
def hold_person(
    who: EmailOrId,
    reason: Annotated[str, typer.Option(help="Why.", show_default=False)] = "",
    end: Annotated[bool, typer.Option("--end", help="End the hold.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Place a legal hold: nothing of the person is erased, or deleted for its age, until the hold ends."""
    from hubbub.cli import personal as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.hold(settings, who, reason, ends=end)


@people.command("rescue")
def rescue_operator(email: Email, data: DataFolder = None, config: Config = None) -> None:
    """Print a link that lets you in as an operator, whatever has happened to your account."""
    from hubbub.cli import people as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.rescue(settings, email)


GroupNameOrId = Annotated[str, typer.Argument(help="The group's name or id.", metavar="NAME-OR-ID")]


@groups.command("add")
def add_group(
    name: Annotated[str, typer.Argument(help="What the group is called.")],
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Make a group."""
    from hubbub.cli import groups as grouping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        grouping.add(settings, name)


@groups.command("list")
def list_groups(data: DataFolder = None, config: Config = None) -> None:
    """List all groups."""
    from hubbub.cli import groups as grouping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        grouping.list_groups(settings)


@groups.command("members")
def show_members(
    group: GroupNameOrId,
    add: Annotated[list[str] | None, typer.Option(help="Add this person, by their id; may be repeated.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="Take this person out; may be repeated.")] = None,
    manager: Annotated[
        bool, typer.Option("--manager", help="Who is added manages the group: says who is in it.")
    ] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Say who is in a group, or change it. Rights by the group follow at once."""
    from hubbub.cli import groups as grouping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        grouping.members(settings, group, add=add or [], remove=remove or [], are_managers=manager)


@groups.command("remove")
def remove_group(group: GroupNameOrId, data: DataFolder = None, config: Config = None) -> None:
    """Delete a group; what it was given it has no more."""
    from hubbub.cli import groups as grouping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        grouping.remove(settings, group)
