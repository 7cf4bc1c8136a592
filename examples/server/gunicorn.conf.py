"""Hubbub under gunicorn: `gunicorn --config examples/server/gunicorn.conf.py hubbub.asgi:app`.

It needs `pip install gunicorn uvicorn-worker`. The settings are those of `hubbub serve` (hubbub.toml and HUBBUB_
variables); but where to listen, how many workers and how to log is gunicorn's to say, here.
"""

import os
import sys
from typing import Any, ClassVar

from gunicorn.arbiter import Arbiter
from uvicorn_worker import UvicornWorker

from hubbub.asgi import server_of
from hubbub.compose import clients_for
from hubbub.settings import load_settings
from hubbub.web.protocol import protocol_for


class HubbubWorker(UvicornWorker):
    """uvicorn's worker, with a protocol that lets answers stream straight to their transports."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "http": protocol_for(clients_for(load_settings())),
        "ws": "none",
        "lifespan": "on",
        "loop": "uvloop",
        "server_header": False,
        "access_log": False,
        "timeout_graceful_shutdown": 5,
    }

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = server_of(self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)


bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY") or 2 * len(os.sched_getaffinity(0)) + 1)
worker_class = HubbubWorker
keepalive = 10
timeout = 60  # a worker whose event loop stands still for so long is killed and replaced
# Open answers go on for so long; then 5 s for those left to end with a word, 5 s for their readers.
graceful_timeout = int(load_settings().server.drain_seconds) + 15
