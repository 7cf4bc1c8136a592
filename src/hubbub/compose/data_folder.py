"""Prepare the data folder: it is there, can be written, and is nobody else's to read."""

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

from hubbub.connections.private import close_to_others, make_private_folder, open_private
from hubbub.core.errors import StoreError

if sys.platform != "win32":
    import pwd

ELSEWHERE = "Choose another folder with --data"


def prepare_folder(folder: Path) -> None:
    """Make the data folder, for its owner only, if it is not there; close what of it others may look into.

    Raises:
        StoreError: it can't be made or written, is another user's, or everybody may write to it; the message says what
            to do.
    """
    try:
        make_private_folder(folder)
    except FileExistsError as error:
        raise StoreError(f"The data folder {folder} can't be written: it is no folder. {ELSEWHERE}.") from error
    except OSError as error:
        raise StoreError(
            f"The data folder {folder} can't be written ({error.strerror}). {ELSEWHERE}, or make it for {_user()}."
        ) from error
    if sys.platform != "win32":
        _check_owner(folder)
    _check_writable(folder)
    for place in _own_places(folder):
        _check_place(folder, place)
    if sys.platform != "win32":
        _keep_others_out(folder)


def _check_owner(folder: Path) -> None:
    found = folder.stat()
    if found.st_mode & (stat.S_ISVTX | stat.S_IWOTH):  # a place of everybody, like /tmp: closing it would break others
        raise StoreError(
            f"Everybody may write to the data folder {folder}, so it is no safe place for chats. "
            "Choose a folder of its own with --data, or run: chmod 700 on this one, if it is used by nothing else."
        )
    # One that is root's is accepted where it can be written: so volumes are mounted for containers (fsGroup), and root
    # reads everything anyway.
    if os.geteuid() not in (0, found.st_uid) and found.st_uid != 0:
        raise StoreError(
            f"The data folder {folder} belongs to the user {_name_of(found.st_uid)}, who could read all chats; this is "
            f"{_user()}. Run Hubbub as that user, or run: {_chown(folder)}. Or choose another folder with --data."
        )


def _check_writable(folder: Path) -> None:
    probe = folder / f".probe-{os.getpid()}"
    try:
        os.close(open_private(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
        probe.unlink()
    except OSError as error:
        remedy = "or give it the rights with: " + _chown(folder)
        if error.errno == errno.EROFS:
            remedy = "or mount its disk so that it can be written"
        elif sys.platform != "win32" and folder.stat().st_uid == os.geteuid():
            remedy = f"or give it the rights with: chmod 700 {folder}"
        raise StoreError(
            f"The data folder {folder} can't be written ({error.strerror}). {ELSEWHERE}, {remedy}."
        ) from error


def _own_places(folder: Path) -> list[Path]:
    """Return what an earlier run has left here that has to be written, if there is any."""
    databases = [folder / f"{name}.db{end}" for name in ("hubbub", "library") for end in ("", "-wal", "-shm")]
    return [*databases, *sorted(folder.glob("*.lock")), folder / "files", folder / "files" / "incoming"]


def _check_place(folder: Path, place: Path) -> None:
    """Raise StoreError where something is there that this user can't write, as after a run as root."""
    needed = os.R_OK | os.W_OK | (os.X_OK if place.is_dir() else 0)
    if not place.exists() or os.access(place, needed, effective_ids=os.access in os.supports_effective_ids):
        return
    owner = "" if sys.platform == "win32" else f" It belongs to the user {_name_of(place.stat().st_uid)}."
    remedy = _chown(folder)
    if sys.platform != "win32" and place.stat().st_uid == os.geteuid():
        remedy = f"chmod -R u+rwX {folder}"
    raise StoreError(
        f"{place} can't be written by {_user()}.{owner} Run: {remedy}. Or {ELSEWHERE[0].lower()}{ELSEWHERE[1:]}."
    )


def _keep_others_out(folder: Path) -> None:
    """Take others' rights to the folder and to what lies in it. What lies deeper is closed by who keeps it there."""
    close_to_others(folder)
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            close_to_others(path)


def _user() -> str:
    return "this user" if sys.platform == "win32" else f"the user {_name_of(os.geteuid())}"


def _name_of(user_id: int) -> str:
    if sys.platform == "win32":
        return str(user_id)
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:  # as in most containers
        return str(user_id)


def _chown(folder: Path) -> str:
    if sys.platform == "win32":
        return "icacls"
    return f"sudo chown -R {_name_of(os.geteuid())} {folder}"
