"""Give up what a process that reads hostile input does not need, layer by layer.

Each layer holds by itself: where the kernel lacks one, the others remain. What native code does is
held by the kernel alone; the audit hook of `sandboxed` is for Python code.
"""

import contextlib
import ctypes
import importlib.util
import os
import struct
import sys
import sysconfig
from collections.abc import Iterator, Sequence

import msgspec

from hubbub.connections.landlock import hide_files
from hubbub.connections.seccomp import filter_calls

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS = 1, 4, 8, 38
_SIGKILL = 9
_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION = 0x20080522
_FIRST_UNUSED_ID = 1_900_000_000
"""Between the ids that systemd gives to containers and 2³¹: nobody's, and each child has its own."""
_NOBODY = 65_534
_SYSTEM_FOLDERS = (
    # shared libraries
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/etc/ld.so.cache"),
    # the fonts that a page is drawn with where a PDF brings none
    *("/usr/share/fonts", "/usr/share/X11/fonts", "/usr/local/share/fonts"),
    *("/dev/null", "/dev/urandom", "/etc/localtime", "/usr/share/zoneinfo"),
)


class Layers(msgspec.Struct):
    """Which layers hold, each "" or why it does not."""

    files: str = "not tried"
    """Every file is hidden but the interpreter's and the system's libraries."""
    calls: str = "not tried"
    """System calls are refused that reading does not take: no sockets, signals, processes, no writing."""
    account: str = ""
    """It runs as another user than a server that is root."""

    @property
    def missing(self) -> list[str]:
        """What remains open, each with its reason; nothing where all layers hold."""
        return [
            *([f"it can read whatever files the server may read: {self.files}"] if self.files else []),
            *([f"it can make any system call (sockets, signals, processes): {self.calls}"] if self.calls else []),
            *([f"it runs as root: {self.account}"] if self.account else []),
        ]


_layers = Layers()


def layers() -> Layers:
    """Return which layers hold in this process."""
    return _layers


def confine(parent_pid: int, packages: Sequence[str] = (), folders: Sequence[str] = ()) -> None:
    """Give up, in this process and for good, what reading does not need. Import what is ours before.

    What is imported later is found as before, in the folders of the interpreter and its packages; so are `packages`
    that lie elsewhere. `folders` can be read as well.
    """
    if sys.platform != "linux":
        _layers.files = _layers.calls = f"{sys.platform} has neither Landlock nor seccomp"
        return
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
        score.write("1000")
    readable = [*_readable(packages), *folders]
    _leave_network(libc)
    if os.geteuid() == 0:
        _layers.account = _leave_root(libc, readable)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # no other process of the same user looks into this one
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)  # only now: a change of user takes it back
    if os.getppid() != parent_pid:
        os._exit(1)  # the parent was gone before it could be asked for
    _layers.files = hide_files(readable)
    _layers.calls = filter_calls()


def _leave_network(libc: ctypes.CDLL) -> None:
    """Take a network and shared memory of its own, both empty, where the kernel lets it."""
    if libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC)


def _leave_root(libc: ctypes.CDLL, readable: list[str]) -> str:
    """Become a user that owns nothing and is nobody else. Return "" or why it can't be done."""
    # An interpreter in root's own home is not open to others: to import from it, one right is kept.
    is_closed = not all(_is_open_to_all(path) for path in readable if os.path.exists(path))  # noqa: PTH110
    libc.prctl(_PR_SET_KEEPCAPS, int(is_closed), 0, 0, 0)
    reason = ""
    for number in (_FIRST_UNUSED_ID + os.getpid(), _NOBODY):  # a container may know few ids
        try:
            os.setgroups([])
            os.setresgid(number, number, number)
            os.setresuid(number, number, number)
        except OSError as error:
            reason = error.strerror or str(error)
        else:
            _keep_capabilities(libc, 1 << _CAP_DAC_READ_SEARCH if is_closed else 0)
            return ""
    return reason


def _keep_capabilities(libc: ctypes.CDLL, kept: int) -> None:
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    low = kept & 0xFFFFFFFF
    data = struct.pack("=6I", low, low, 0, 0, 0, 0)  # effective, permitted, inheritable; the upper halves
    if libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "the rights of root can't be given up")


def _is_open_to_all(path: str) -> bool:
    real = os.path.realpath(path)
    while True:
        mode = os.stat(real).st_mode  # noqa: PTH116
        wanted = 0o005 if os.path.isdir(real) else 0o004  # noqa: PTH112
        if mode & wanted != wanted:
            return False
        if real == "/":
            return True
        real = os.path.dirname(real)  # noqa: PTH120


def _readable(packages: Sequence[str]) -> Iterator[str]:
    """Yield what a child imports from: not all of `sys.path`, on which the server's own folder may stand."""
    yield from _SYSTEM_FOLDERS
    for place in ("stdlib", "platstdlib"):
        yield sysconfig.get_path(place)
    yield os.path.join(sys.base_prefix, "lib")  # noqa: PTH118
    yield from (path for path in sys.path if path.rstrip("/").endswith(("site-packages", "dist-packages")))
    for package in ("hubbub", "msgspec"):
        spec = importlib.util.find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            # What was installed into a folder of its own lies beside msgspec.
            yield folder if package == "hubbub" else os.path.dirname(folder)  # noqa: PTH120
    for package in packages:
        spec = importlib.util.find_spec(package)
        yield from (spec and spec.submodule_search_locations) or ()
        if spec is not None and not spec.submodule_search_locations and spec.origin is not None:
            yield spec.origin
