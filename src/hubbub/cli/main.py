"""The commands of `hubbub`.

Each imports what it does when it is called: to say the version takes no database and no web framework.
"""

import gc
from pathlib import Path
from typing import Annotated, Literal

import typer

import hubbub
from hubbub.cli.backup_commands import backup, restore
from hubbub.cli.commands import SYNC_SOURCE, Config, DataFolder, named_errors, settings_of
from hubbub.cli.link_commands import links
from hubbub.cli.people_commands import groups, people
from hubbub.cli.quota_commands import quotas

QUESTION = "What is a hubbub? Answer in two sentences."
"""What `hubbub bench` asks."""

app = typer.Typer(
    name="hubbub",
    help="Chat and search for many people at once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
keys = typer.Typer(help="API keys, for programs.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(people, name="people")
audit = typer.Typer(help="Who did what: chained, so that no change goes unseen.", no_args_is_help=True)
app.add_typer(audit, name="audit")
collections = typer.Typer(help="Collections of documents, whosever they are.", no_args_is_help=True)
app.add_typer(collections, name="collections")
for name, commands in (("groups", groups), ("links", links), ("quotas", quotas)):
    app.add_typer(commands, name=name)
app.command()(backup)
app.command()(restore)

UsageBy = Literal["person", "group", "model", "key", "day"]
UsageForm = Literal["table", "csv", "json"]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes any free one.", show_default="8000")] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes serve.", show_default="1")] = None,
    frontend: Annotated[
        Path | None,
        typer.Option(help="A folder with a built page, shown in place of Hubbub's own.", show_default=False),
    ] = None,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Serve the web app and the API."""
    gc.disable()  # until it serves: `collecting_at_rest`
    from hubbub.cli import serve as serving
    from hubbub.settings import load_settings

    flags = {"host": host, "port": port, "workers": workers, "frontend": frontend, "data_folder": data}
    settings = settings_of(config, {"server": flags})
    with named_errors():
        serving.serve(settings, lambda: load_settings(flags, config=config))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    collection: Annotated[list[str] | None, typer.Option(help="Search this collection; may be repeated.")] = None,
    model: Annotated[str | None, typer.Option(help="The model to ask.", show_default="the first there is")] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Let the model take the question apart and search several times.")
    ] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Ask a question; the answer streams to the terminal, its sources follow."""
    from hubbub.cli import ask as asking

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        asking.ask(settings, question, collection or [], model, is_thorough=thorough)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    collection: Annotated[
        list[str] | None, typer.Option(help="Search this collection; may be repeated.", show_default="all")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many passages.", min=1, max=50)] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one passage a line.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Find passages; the best comes first."""
    from hubbub.cli import search as searching

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        searching.search(settings, query, collection or [], limit=limit, as_json=as_json)


@app.command()
def evaluate(
    questions: Annotated[
        Path, typer.Argument(help="JSON Lines, CSV or XLSX: question, answers, documents, answerable.")
    ],
    collection: Annotated[
        list[str] | None, typer.Option(help="Ask over this collection; may be repeated.", show_default="all")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model to ask.", show_default="the first there is")] = None,
    against: Annotated[
        Path | None, typer.Option(help="A second configuration to compare with.", show_default=False)
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write an HTML page with each answer there.", show_default=False)
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="Write all figures there, as CSV or XLSX.", show_default=False)
    ] = None,
    judge: Annotated[
        str | None, typer.Option(help="A model that judges groundedness and relevance.", show_default=False)
    ] = None,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Measure search and answers with questions whose answers you know."""
    from hubbub.cli import evaluate as evaluating

    configurations = {"this": settings_of(config, {"server": {"data_folder": data}})}
    if against is not None:
        configurations[str(against)] = settings_of(against, {"server": {"data_folder": data}})
    with named_errors():
        evaluating.evaluate(
            questions, configurations, collection or [], model=model, page=page, table=table, judge_model=judge
        )


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders and URLs.", metavar="PATH...")],
    collection: Annotated[str, typer.Option(help="The collection to put them in; made where there is none.")],
    remove_missing: Annotated[
        bool, typer.Option("--remove-missing", help="Remove documents whose files are no longer there.")
    ] = False,
    even_if_empty: Annotated[
        bool, typer.Option("--even-if-empty", help="Remove them, too, where a folder is empty or can't be read.")
    ] = False,
    share: Annotated[
        list[str] | None,
        typer.Option(
            help="Let these use the collection, too: everybody, signed-in, group:NAME, claim:PROVIDER/NAME or "
            "person:ID; may be repeated.",
            metavar="WITH",
        ),
    ] = None,
    only_for: Annotated[
        list[str] | None,
        typer.Option(
            help="Let these alone see the documents, of those who may see the collection: signed-in, group:NAME, "
            "claim:PROVIDER/NAME or person:ID; may be repeated.",
            metavar="WHOM",
        ),
    ] = None,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Read documents into a collection, which is private unless shared.

    What is in it unchanged is skipped; an interrupted run goes on where it was.
    """
    from hubbub.cli import ingest as ingesting

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        failed = ingesting.ingest(
            settings,
            paths,
            collection,
            remove_missing=remove_missing,
            even_if_empty=even_if_empty,
            share=share or [],
            only_for=only_for or [],
        )
    if failed:
        raise typer.Exit(1)


@app.command()
def sync(
    source: Annotated[str, typer.Argument(help=SYNC_SOURCE, metavar="SOURCE")],
    collection: Annotated[str, typer.Option(help="The collection to keep equal to it; made where there is none.")],
    include: Annotated[list[str] | None, typer.Option(help="Take these files only: *.pdf; may be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Leave these out: drafts/**; may be repeated.")] = None,
    every: Annotated[
        float | None, typer.Option(min=0.1, help="Go on, and look again after so many seconds.", show_default=False)
    ] = None,
    even_if_empty: Annotated[
        bool, typer.Option("--even-if-empty", help="Remove all documents where the source holds no files any more.")
    ] = False,
    branch: Annotated[str, typer.Option(help="The branch of a git repository.", show_default=False)] = "",
    share: Annotated[
        list[str] | None,
        typer.Option(help="Let these use the collection, too, as `hubbub ingest` does.", metavar="WITH"),
    ] = None,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Make a collection equal to a source: what was added, changed or deleted there.

    Documents that came from elsewhere stay. An interrupted run goes on where it was.
    """
    from hubbub.cli import sync as syncing

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        wanted = syncing.source_of(
            source,
            collection,
            include=include or (),
            exclude=exclude or (),
            even_if_empty=even_if_empty,
            branch=branch,
            settings=settings,
        )
        left = syncing.sync(settings, wanted, every_seconds=every, share=share or [])
    if left:
        raise typer.Exit(1)


@app.command()
def move(
    to: Annotated[str, typer.Option(help="The address of a PostgreSQL, or “folder”: the data folder.", metavar="TO")],
    documents: Annotated[
        bool, typer.Option("--documents", help="Move collections and documents alone, and no chats.")
    ] = False,
    without_audit: Annotated[bool, typer.Option("--without-audit", help="Leave the audit where it is.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Move everything from the data folder into a PostgreSQL, or back, while no server runs.

    An interrupted run goes on where it was. What is left behind stays.
    """
    from hubbub.cli import move as moving

    url = None if to == "folder" else to
    settings = settings_of(config, {"server": {"data_folder": data}, "database": {"url": url}})
    with named_errors():
        moving.move(settings, to_postgres=url is not None, only_documents=documents, without_audit=without_audit)


@app.command()
def check(data: DataFolder = None, config: Config = None) -> None:
    """Say which models, search and folders will be used, and why."""
    from hubbub.cli import check as checking

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        is_fine = checking.check(settings)
    if not is_fine:
        raise typer.Exit(1)


@app.command()
def bench(
    url: Annotated[str, typer.Option(help="The server.")] = "http://127.0.0.1:8000",
    model: Annotated[str | None, typer.Option(help="The model to ask.", show_default="the server's default")] = None,
    people: Annotated[int | None, typer.Option(help="So many ask at once, and no other number.")] = None,
    up_to: Annotated[int, typer.Option(help="Try 1, 2, 5, 10 … people, up to so many.")] = 20,
    seconds: Annotated[float, typer.Option(help="How long each number of people asks.")] = 10.0,
    questions: Annotated[int, typer.Option(help="The most questions in all.")] = 1000,
    question: Annotated[str, typer.Option(help="What is asked.")] = QUESTION,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it may cost something.")] = False,
    i_may_load_this_server: Annotated[
        bool, typer.Option("--i-may-load-this-server", help="Allow a server on another machine.")
    ] = False,
) -> None:
    """Put load on a running server, and say how many people it holds."""
    from hubbub.cli import bench as benching

    with named_errors():
        benching.bench(
            url,
            model=model,
            people=benching.people_for(people, up_to),
            seconds=seconds,
            questions=questions,
            question=question,
            is_agreed=yes,
            may_load_others=i_may_load_this_server,
        )


@app.command()
def usage(
    by: Annotated[UsageBy, typer.Option(help="What is counted together.")] = "person",
    first: Annotated[str, typer.Option("--from", help="The first day.", show_default="30 days back")] = "",
    last: Annotated[str, typer.Option("--to", help="The last day.", show_default="today")] = "",
    form: Annotated[UsageForm, typer.Option("--format", help="How it is printed.")] = "table",
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Report what people used: questions, tokens and money."""
    from hubbub.cli import usage as reporting

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        reporting.report(settings, by, first, last, form)


@app.command("ratings")
def export_ratings(
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Print what people said of answers as JSON, one a line, the newest first, with question and answer."""
    from hubbub.cli import ratings

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        ratings.export(settings)


@audit.command("verify")
def verify_audit(
    known: Annotated[
        str | None, typer.Option(help="A line that this command printed before.", metavar="NUMBER:DIGEST")
    ] = None,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Check that nothing in the audit was changed, removed or put in."""
    from hubbub.cli import audit as auditing

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        if not auditing.verify(settings, known):
            raise typer.Exit(1)


@audit.command("export")
def export_audit(
    after: Annotated[int, typer.Option(min=0, help="Only entries above this number.")] = 0,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Print the audit as JSON, one entry a line."""
    from hubbub.cli import audit as auditing

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        auditing.export(settings, after)


@audit.command("follow")
def follow_audit(
    after: Annotated[
        int | None, typer.Option(min=0, help="First those above this number.", show_default="none")
    ] = None,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Print entries of the audit as they come, as JSON, one a line, until interrupted."""
    from hubbub.cli import audit as auditing

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        auditing.follow(settings, after)


@keys.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="What the key is called here: the program that it is for.")],
    expires_days: Annotated[
        float | None, typer.Option("--expires-days", min=0, max=36500, help="After so many days it holds no longer.")
    ] = None,
    same_person_as: Annotated[
        str | None,
        typer.Option(help="A key by name or id; the new one opens the same chats and documents, to replace it."),
    ] = None,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Make a key for a program, and print it once. The program is a person of its own."""
    from hubbub.cli import keys as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.add(settings, name, expires_days=expires_days, same_person_as=same_person_as)


@keys.command("list")
def list_keys(data: DataFolder = None, config: Config = None) -> None:
    """List all keys: when each was made and last used, and whether it still holds."""
    from hubbub.cli import keys as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.list_keys(settings)


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's name or id.", metavar="NAME-OR-ID")],
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Let a key be worth nothing from now on, in a server that runs within seconds."""
    from hubbub.cli import keys as keeping

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        keeping.revoke(settings, key)


NameOrId = Annotated[str, typer.Argument(help="The collection's name or id.", metavar="NAME-OR-ID")]


@collections.command("list")
def list_collections(data: DataFolder = None, config: Config = None) -> None:
    """List all collections: whose each is, and who can see it."""
    from hubbub.cli import collections as collecting

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        collecting.list_collections(settings)


@collections.command("rename")
def rename_collection(
    collection: NameOrId,
    name: Annotated[str, typer.Argument(help="What it is to be called.")],
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Rename a collection."""
    from hubbub.cli import collections as collecting

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        collecting.rename(settings, collection, name)


@collections.command("share")
def share_collection(
    collection: NameOrId,
    share_with: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="With whom: everybody, signed-in, group:NAME, claim:PROVIDER/NAME or person:ID; may be repeated.",
            metavar="WITH",
            show_default="everybody",
        ),
    ] = None,
    right: Annotated[str, typer.Option(help="What they may do: see, use, write or manage.")] = "use",
    stop: Annotated[
        bool, typer.Option("--stop", help="Share it no longer: with those who are named, or with anybody.")
    ] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Share a collection. What is open by a right that ends, ends within a second."""
    from hubbub.cli import collections as collecting

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        collecting.share(settings, collection, share_with or [], right=right, is_stopped=stop)


@collections.command("rm")
def remove_collection(
    collection: NameOrId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataFolder = None,
    config: Config = None,
) -> None:
    """Delete a collection with all its documents."""
    from hubbub.cli import collections as collecting

    settings = settings_of(config, {"server": {"data_folder": data}})
    with named_errors():
        collecting.remove(settings, collection, is_agreed=yes)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(hubbub.__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Chat and search for many people at once."""
