"""The commands of `hubbub quotas`."""

from typing import Annotated, Literal

import typer

from hubbub.cli.commands import Config, DataFolder, complain, named_errors, settings_of

quotas = typer.Typer(help="How much may be used, by whom, in which time.", no_args_is_help=True)

Scope = Annotated[
    Literal["server", "group", "person", "key"],
    typer.Argument(help="For all together, or for each group, person or key, unless one is named.", metavar="SCOPE"),
]
Subject = Annotated[
    str,
    typer.Option(
        "--for", help="One group by its name, or as PROVIDER/NAME; one person or key by its id.", metavar="NAME-OR-ID"
    ),
]


@quotas.command("list")
def list_quotas(data: DataFolder = None, config: Config = None) -> None:
    """List the quotas that hold, and where each comes from."""
    from hubbub.cli import quotas as setting

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        setting.list_quotas(settings)


@quotas.command("set")
def set_quota(
    scope: Scope,
    bounds: Annotated[
        list[str] | None,
        typer.Argument(help='Such as "50 questions per day" or "5 money per month".', metavar="[BOUND]..."),
    ] = None,
    subject: Subject = "",
    none: Annotated[bool, typer.Option("--none", help="Bound nothing, whatever the settings say.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Set a quota in place of what the settings say for the same subject; it holds within a second."""
    from hubbub.cli import quotas as setting

    if bool(bounds) == none:
        complain('hubbub: give bounds such as "50 questions per day", or --none.')
        raise typer.Exit(2)
    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        setting.set_quota(settings, scope, subject, bounds or [])


@quotas.command("remove")
def remove_quota(
    scope: Scope,
    subject: Subject = "",
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Remove a quota that was set: what the settings say holds again."""
    from hubbub.cli import quotas as setting

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        setting.remove_quota(settings, scope, subject)


@quotas.command("over")
def set_over(
    model: Annotated[str | None, typer.Argument(help="The model's name.", show_default=False)] = None,
    none: Annotated[bool, typer.Option("--none", help="Refuse, whatever the settings say.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Let the settings say it again.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Say which model answers where a bound is reached."""
    from hubbub.cli import quotas as setting

    if (model is not None) + none + remove != 1:
        complain("hubbub: name a model, or give --none or --remove.")
        raise typer.Exit(2)
    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        if remove:
            setting.remove_quota(settings, "over", "")
        else:
            setting.set_over(settings, model or "")
