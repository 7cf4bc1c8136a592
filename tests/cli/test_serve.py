"""The server as a process: how it begins, how it ends, and what must not stop it."""

import asyncio
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.cli.commands import environment, run, start
from tests.patience import PATIENCE_SECONDS
from tests.servers.copies import Command
from tests.servers.hubbub_server import GUIDE

MODEL = {"HUBBUB_MODELS__M__PROVIDER": "scripted"}


def address(process: Command) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line or (process.stderr and process.stderr.read())
    return found[0]


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read()


def test_a_port_in_use(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, out, err = run(folder, "serve", "--port", str(port))
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"hubbub: Can't listen on 127.0.0.1:{port} (Address already in use). Is another server running there? "
        "Choose another port with --port."
    ]


def test_an_address_that_is_not_ours(folder: Path) -> None:
    everybody = {"HUBBUB_IDENTITY__OPEN_TO_EVERYBODY": "true"}
    code, _, err = run(folder, "serve", "--port", "0", "--host", "192.0.2.1", variables=everybody)
    assert code == 1
    assert err.startswith("hubbub: Can't listen on 192.0.2.1:0")
    assert len(err.splitlines()) == 1


def test_an_address_that_other_machines_reach_needs_a_way_to_sign_in(folder: Path) -> None:
    code, out, err = run(folder, "serve", "--port", "0", "--host", "0.0.0.0")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("settings: server.host: other machines reach 0.0.0.0")
    assert "identity.accounts.is_enabled = true" in err


def test_a_page_of_somebody_elses(folder: Path) -> None:
    built = folder.parent / "built"
    built.mkdir()
    code, out, err = run(folder, "serve", "--port", "0", "--frontend", "built")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "settings: flag for server.frontend: there is no index.html in this folder; build the page first, and name the "
        "folder it is in"
    ]
    (built / "index.html").write_text("<!doctype html><title>Theirs</title>")
    with start(folder, "serve", "--port", "0", "--workers", "2", "--frontend", "built", variables=MODEL) as process:
        url = address(process)
        assert get(url) == b"<!doctype html><title>Theirs</title>"
        assert b'"showChatHistoryCosmos":false' in get(f"{url}/config")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_any_origin_and_no_key(folder: Path) -> None:
    variables = MODEL | {"HUBBUB_SERVER__ALLOWED_ORIGINS": '["*"]'}
    code, _, err = run(folder, "serve", "--port", "0", variables=variables)
    assert code == 2
    assert err.splitlines()[-1].startswith('settings: server.allowed_origins: "*" lets any page')


def test_too_few_files_to_serve_anybody(folder: Path) -> None:
    shell = ("sh", "-c", 'ulimit -n 40; exec "$@"', "sh", sys.executable, "-m", "hubbub", "serve", "--port", "0")
    done = subprocess.run(shell, env=environment(folder), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "settings: The system lets this process open 40 files, and a server needs 64 at the least. "
        "Raise the limit (ulimit -n, LimitNOFILE); 65536 is usual for a server"
    ]
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order(folder: Path, number: signal.Signals) -> None:
    with start(folder, "serve", "--port", "0", variables=MODEL) as process:
        assert b'"ok"' in get(address(process) + "/api/health")
        began = time.monotonic()
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert time.monotonic() - began < 15
    for name in ("hubbub.db", "library.db"):
        assert not (folder / f"{name}-wal").exists(), "the database was not closed"
        database = sqlite3.connect(folder / name)
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        database.close()


def test_two_servers_on_one_folder(folder: Path) -> None:
    with start(folder, "serve", "--port", "0", variables=MODEL | GUIDE) as first:
        url = address(first)
        with start(folder, "serve", "--port", "0", variables=MODEL | GUIDE) as second:
            other = address(second)
            assert url != other
            first.terminate()
            first.communicate(timeout=20)
            assert b'"Hubbub"' in get(other + "/api/collections")
            second.terminate()
            second.communicate(timeout=20)
        assert (first.returncode, second.returncode) == (0, 0)


async def test_a_log_that_nobody_reads_does_not_stop_it(folder: Path) -> None:
    with start(folder, "serve", "--port", "0", variables=MODEL) as process:
        url = address(process)
        port = int(url.rsplit(":", 1)[1])
        assert process.stderr is not None

        async def rubbish() -> None:  # each is a line in the log; nobody reads standard error here
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"rubbish\r\n\r\n")
            await reader.read()
            writer.close()

        for _ in range(24):
            await asyncio.gather(*(rubbish() for _ in range(50)))
        loop = asyncio.get_running_loop()
        for _ in range(5):
            assert b'"ok"' in await asyncio.wait_for(
                loop.run_in_executor(None, get, url + "/api/health"), PATIENCE_SECONDS
            )
        process.terminate()
        for _ in range(200):
            if process.poll() is not None:
                break
            await asyncio.sleep(0.05)
        assert process.returncode == 0
        got = process.stderr.read()
        assert got.count("Invalid HTTP request") < 1100  # so the pipe was full indeed
