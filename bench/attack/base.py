"""What an attack is: a name, a bound, and a way to try it against a server that is served from any checkout."""

import importlib
import os
import pkgutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import hubbub
from bench.attack import rows
from tests.servers.hubbub_server import HubbubServer, hubbub_serving

HERE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Seen:
    """What an attack came to: in words with figures, and whether the server held."""

    words: str
    holds: bool


@dataclass(frozen=True)
class Target:
    """The checkout under attack, and how much may be spent on it."""

    source: Path = HERE
    """A checkout; its `src` is what is served."""
    is_short: bool = True
    """Whether an attack keeps to seconds, as in the suite; else it may take the time that its figures need."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment that makes a child process serve this checkout: of the one that runs here, nothing."""
        source = self.source / "src"
        return {} if Path(hubbub.__file__).is_relative_to(source) else {"PYTHONPATH": str(source)}

    @asynccontextmanager
    async def serving(
        self,
        variables: Mapping[str, str] | None = None,
        *,
        folder: Path | None = None,
        launcher: Sequence[str] = (),
        log: Path | None = None,
    ) -> AsyncIterator[HubbubServer]:
        """Serve the checkout on a free port and a data folder, a fresh one unless it is given."""
        with tempfile.TemporaryDirectory(prefix="attacked-", ignore_cleanup_errors=True) as fresh:
            async with hubbub_serving(
                folder or Path(fresh), self.variables | dict(variables or {}), launcher=launcher, log=log
            ) as server:
                yield server


@dataclass(frozen=True)
class Attack:
    """One row of the table."""

    name: str
    """What the attacker or the fault does, in a line."""
    bound: str
    """What has to hold, with its figures."""
    run: Callable[[Target], Awaitable[Seen]]
    is_quiet: bool = False
    """Whether it measures time or memory, so that nothing else may run beside it."""
    seconds: float = 120.0
    """How long it may take."""
    needs: Callable[[], str | None] = lambda: None
    """Says what this machine lacks for it, if anything."""


def attacks() -> list[Attack]:
    """Return all attacks, in the order of their modules and of their lines."""
    found: list[Attack] = []
    for module in sorted(one.name for one in pkgutil.iter_modules(rows.__path__)):
        loaded = importlib.import_module(f"{rows.__name__}.{module}")
        found += [one for one in vars(loaded).values() if isinstance(one, Attack)]
    return found


def python(*arguments: str) -> list[str]:
    """Return the command line of a Python program in this environment."""
    return [sys.executable, *arguments]


def environment(target: Target) -> dict[str, str]:
    """Return the environment for a program of the checkout's that is started by hand."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")} | target.variables
