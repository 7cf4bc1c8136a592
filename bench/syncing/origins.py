"""Offer a folder as a website and as a git repository, so that they are synced while they change."""

import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

VARIABLES = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
WHO = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "gc.auto=0")


@contextmanager
def website(root: Path) -> Iterator[str]:
    """Serve a folder's files on loopback, with a sitemap of them as they are; yield the site's URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/sitemap.xml":
                self._send(_sitemap(root, f"http://127.0.0.1:{server.server_port}"), "application/xml")
                return
            path = root / unquote(self.path).lstrip("/")
            try:
                self._send(path.read_bytes(), "application/octet-stream")
            except OSError:
                self.send_error(404)

        def _send(self, body: bytes, media_type: str) -> None:
            etag = f'"{hashlib.sha256(body).hexdigest()}"'
            is_known = self.headers.get("If-None-Match") == etag
            self.send_response(304 if is_known else 200)
            self.send_header("ETag", etag)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", "0" if is_known else str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if is_known else body)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _sitemap(root: Path, url: str) -> bytes:
    paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    places = "".join(f"<url><loc>{url}/{quote(path)}</loc></url>" for path in paths if not path.startswith("."))
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'.encode()


def begin_repository(root: Path) -> None:
    """Make a folder a git repository."""
    _git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)


def commit(root: Path) -> None:
    """Commit a folder as it is."""
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--allow-empty", "--message=Change")


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", *WHO, *words], cwd=root, env=os.environ | VARIABLES, check=True, timeout=60)
