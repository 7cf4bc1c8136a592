"""What every test stands on: blocking calls fail, unexpected errors in the log do, and who measures is alone."""

import gc
import logging
import os
import signal
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from _pytest.nodeid import NodeId
from blockbuster import blockbuster_ctx
from hypothesis import HealthCheck, settings

from hubbub.connections.postgres import Postgres
from hubbub.connections.sqlite import Sqlite
from hubbub.settings import Settings
from tests.places import Place
from tests.quiet import machine
from tests.servers.postgres_server import new_database, postgres_running, template

ROOT = Path(__file__).parents[1]
SLOW_ROOMS = ("chaos", "e2e", "cli", "bench")
"""Their tests begin first: what takes long is not to begin when all the rest is over."""


# What whoever started us has left in this process is not to reach what we import and start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so a shell starts what it is given with `&`
    signal.signal(signal.SIGINT, signal.default_int_handler)
for name in ("COLUMNS", "LINES"):  # set by readline in the first process; a console keeps what it finds on import
    os.environ.pop(name, None)


# Collecting makes much that stays until the end: that is not looked through for garbage, neither now nor later.
gc.disable()


# Other work may stop this process for a while: how long an example takes says nothing.
settings.register_profile("hubbub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hubbub")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import the tests' modules, each of several processes beginning elsewhere.

    What one has compiled, which takes longest of all in a fresh clone, the others only load.
    """
    worker: dict[str, Any] | None = getattr(session.config, "workerinput", None)
    if worker is None:
        return
    found = {path for folder in session.config.args for path in (ROOT / folder).glob("**/test_*.py")}
    modules = sorted(path.relative_to(ROOT).with_suffix("") for path in found)
    first = len(modules) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for module in (*modules[first:], *modules[:first]):
        with suppress(Exception, pytest.skip.Exception):  # said when it is collected
            import_module(".".join(module.parts))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the slow rooms first and the quiet tests last, and give to one process what belongs together.

    That is what can't run side by side, and what shares a server or a browser: each process would start its own.
    """
    items.sort(key=lambda item: 2 if _is_quiet(item) else item.path.parent.name not in SLOW_ROOMS)
    if getattr(config.option, "loadgroup", False):
        for item in items:
            if group := _group(item):
                # xdist reads the group from the end of the id. Its own way to write it there, a mark, fails silently
                # with pytest 9.2, where an id is no longer `_nodeid`.
                item._id = NodeId.parse(f"{item.nodeid}@{group}")


def pytest_collection_finish() -> None:
    """From here on there is garbage, among what tests make."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test beside others, or alone; waiting for that counts for no test's time."""
    with machine(is_alone=_is_quiet(item)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a report pass from process to process, though what a test has logged may not be fit for UTF-8."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


class FailuresAtOnce:
    """Say why a test failed as soon as it has: a run that is cut off never comes to its summary."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for each part of a test, in the process that reports."""
        if report.failed:
            self._reporter.ensure_newline()
            self._reporter.write_line(f"FAILED {report.nodeid} ({report.when})", red=True)
            self._reporter.write_line(report.longreprtext)


@pytest.hookimpl(trylast=True)  # the reporter is there by then
def pytest_configure(config: pytest.Config) -> None:
    """Tell failures at once where CI runs."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and os.environ.get("CI") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailuresAtOnce(reporter), "failures-at-once")


@pytest.fixture(autouse=True)
def _blocking_calls_fail() -> Iterator[None]:
    """A blocking call of ours on the event loop's thread raises BlockingError."""
    with blockbuster_ctx("hubbub"):
        yield


@pytest.fixture(autouse=True)
def _errors_in_the_log_fail(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """An ERROR logged by the package fails the test, unless it is marked `expects_errors`."""
    yield
    if request.node.get_closest_marker("expects_errors") is None:
        errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
        assert not errors, f"logged at ERROR: {errors}"


def _is_quiet(item: pytest.Item) -> bool:
    return item.get_closest_marker("quiet") is not None


def _group(item: pytest.Item) -> str | None:
    if _is_quiet(item):
        return "quiet"
    if {"chat_weights", "minilm_files"} & set(getattr(item, "fixturenames", ())):
        return "embedded"  # one such model takes all cores
    mark = item.get_closest_marker("xdist_group")
    if mark is not None:
        return str(mark.args[0])
    return item.path.name if _shares_in_its_module(item) else None


def _shares_in_its_module(item: pytest.Item) -> bool:
    fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    return any(one.scope == "module" for found in fixtures.values() for one in found)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL where databases can be made."""
    with postgres_running() as address:
        yield address


@pytest_asyncio.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """The address of a database in it, whose tables are made."""
    async with new_database(postgres_server, await template(postgres_server)) as address:
        yield address


@pytest_asyncio.fixture
async def empty_postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """The address of an empty database in it."""
    async with new_database(postgres_server) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each of the places where people and what they do can be kept."""
    return Place(tmp_path, request.getfixturevalue("postgres_url") if request.param == "postgres" else None)


@pytest_asyncio.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Postgres]:
    """That database, open."""
    async with Postgres(postgres_url) as database:
        yield database


@pytest_asyncio.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sqlite | Postgres]:
    """Each kind of database in turn, open, for what keeps its promises in both."""
    async with AsyncExitStack() as stack:
        if request.param == "sqlite":
            yield await stack.enter_async_context(Sqlite(tmp_path / "hubbub.db"))
            return
        server: str = request.getfixturevalue("postgres_server")
        address = await stack.enter_async_context(new_database(server, await template(server)))
        yield await stack.enter_async_context(Postgres(address))


@pytest_asyncio.fixture(params=["sqlite", "postgres"])
async def chats_settings(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings that name each kind of database in turn, with a data folder of their own."""
    tables: dict[str, Any] = {"server": {"data_folder": tmp_path}}
    if request.param == "sqlite":
        yield Settings.model_validate(tables)
        return
    server: str = request.getfixturevalue("postgres_server")
    async with new_database(server, await template(server)) as address:
        yield Settings.model_validate(tables | {"database": {"url": address}})
