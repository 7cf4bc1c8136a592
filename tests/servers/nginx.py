"""Run the machine's nginx before a server, as operators do."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.patience import patience

_CONFIG = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off; client_max_body_size 64m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; {server} }}
}}
"""


def nginx() -> str | None:
    """Return where nginx is, if it is installed."""
    return shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


@asynccontextmanager
async def nginx_before(folder: Path, server: str) -> AsyncIterator[str]:
    """Serve with these lines in its `server` block; gives the address."""
    program = nginx()
    assert program is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "error.log"
    config = _written(folder, _CONFIG.format(folder=folder, port=port, server=server))
    process = await asyncio.create_subprocess_exec(program, "-e", str(log), "-p", str(folder), "-c", str(config))
    try:
        async with patience():
            while not _listens(port):
                assert process.returncode is None, f"nginx ended; see {log}"
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _written(folder: Path, config: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "nginx.conf"
    path.write_text(config)
    return path


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
