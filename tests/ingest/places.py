"""Where sources have their documents, for tests to change: folders, repositories, sites, buckets and mailboxes."""

import os
import shutil
import subprocess
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import pytest

from hubbub.connections.object_store import Place
from hubbub.ingest.sources.imap import Account
from tests.servers.mail_server import PASSWORD, USER, MailServer
from tests.servers.object_server import ACCOUNT, ACCOUNT_KEY, BUCKET, KEY_ID, SECRET, ObjectServer
from tests.servers.web_server import Put, WebServer

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def bucket_at(server: ObjectServer, kind: str, prefix: str = "") -> Place:
    """Return where the server's bucket is, as S3 or as Azure has it."""
    if kind == "s3":
        return Place(f"s3://{BUCKET}/{prefix}", server.url, "eu-central-1", key_id=KEY_ID, secret=SECRET)
    return Place(f"az://{BUCKET}/{prefix}", f"{server.url}/{ACCOUNT}", account=ACCOUNT, secret=ACCOUNT_KEY)


def account_at(server: MailServer, *, password: str = PASSWORD) -> Account:
    """Return the server's only account."""
    return Account("127.0.0.1", server.port, "none", USER, password, timeout_seconds=5.0)


def mail(subject: str, text: str, attached: bytes = b"") -> bytes:
    """Return a mail as it lies at a server."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ann <ann@example.org>", "bob@example.org", subject
    message["Message-ID"] = f"<{abs(hash((subject, text)))}@example.org>"
    message.set_content(text)
    if attached:
        message.add_attachment(attached, maintype="text", subtype="plain", filename="lease.txt")
    return message.as_bytes()


class Origin(Protocol):
    """Where a source's documents are, for a test to change."""

    def put(self, name: str, text: str) -> None: ...
    def drop(self, name: str) -> None: ...
    def ready(self) -> None: ...
    def fail(self) -> None: ...


class InFolder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def drop(self, name: str) -> None:
        (self.folder / name).unlink()

    def ready(self) -> None:
        pass

    def fail(self) -> None:
        self.folder.rename(self.folder.with_name("away"))


class InRepository(InFolder):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> None:
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", *who, *words], cwd=self.folder, env=variables, check=True, timeout=30)

    def committed(self, tree: str) -> str:
        who = {f"GIT_{one}_{what}": "ann@x" for one in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "commit-tree", tree, "-m", "Change"]
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | who, check=True, capture_output=True, text=True, timeout=30
        )
        return done.stdout.strip()

    def ready(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=Change")


class OnSite:
    def __init__(self, site: WebServer) -> None:
        self.site = site
        self.names: dict[str, None] = {}

    def put(self, name: str, text: str) -> None:
        self.site.put(f"/{name}", text, "text/plain")
        self.site.pages[f"/{name}"].etag = f'"{hash(text)}"'
        self.names[name] = None

    def drop(self, name: str) -> None:
        del self.names[name], self.site.pages[f"/{name}"]

    def ready(self) -> None:
        put_map(self.site, *self.names)

    def fail(self) -> None:
        self.site.pages["/sitemap.xml"] = Put(status=503)


class InBucket:
    def __init__(self, server: ObjectServer) -> None:
        self.server = server

    def put(self, name: str, text: str) -> None:
        self.server.objects[f"below/{name}"] = text.encode()

    def drop(self, name: str) -> None:
        del self.server.objects[f"below/{name}"]

    def ready(self) -> None:
        pass

    def fail(self) -> None:
        self.server.status = 503


class InMailbox(InBucket):
    """Each file is a mail: its folder is the folder, its subject the name, its text the text."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.uids: dict[str, tuple[str, int]] = {}

    def put(self, name: str, text: str) -> None:
        folder, _, subject = name.rpartition("/")
        if name in self.uids:
            self.drop(name)
        self.uids[name] = folder or "INBOX", self.server.put(folder or "INBOX", mail(subject, text))

    def drop(self, name: str) -> None:
        folder, uid = self.uids.pop(name)
        self.server.folders[folder].drop(uid)

    def fail(self) -> None:
        self.server.refuses = True


def put_map(site: WebServer, *paths: str) -> None:
    urls = "".join(f"<url><loc>{path if '://' in path else f'{site.url}/{path}'}</loc></url>" for path in paths)
    text = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    site.put("/sitemap.xml", text, "application/xml")
