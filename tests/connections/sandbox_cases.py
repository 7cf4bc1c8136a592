"""What the sandbox's tests run in children."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hubbub.core.errors import Invalid


def double(number: int) -> int:
    return number * 2


def surroundings() -> dict[str, Any]:
    return {
        "environment": dict(os.environ),
        "input": sys.stdin.read(),
        "is_session_leader": os.getsid(0) == os.getpid(),
        "niceness": os.getpriority(os.PRIO_PROCESS, 0),
        "descriptors": sum(_is_open(number) for number in range(64)),
    }


def print_much() -> int:
    print("noise")  # noqa: T201
    os.write(1, b"more noise")
    return 1


def grow(step_bytes: int) -> int:
    kept: list[bytearray] = []
    while True:
        kept.append(bytearray(step_bytes))


def burn() -> None:
    while True:
        pass


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "awake"


def refuse() -> None:
    raise Invalid("It is damaged. Send another one.", code="corrupt")


def fail() -> None:
    raise ZeroDivisionError("nothing to divide by")


def die(number: int) -> None:
    os._exit(number) if number < 0 else signal.raise_signal(number)


def text_of(length: int) -> str:
    return "x" * length


def connect(port: int) -> str:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except PermissionError:
        return "forbidden"
    return "connected"


def write(path: str) -> None:
    Path(path).write_text("x")


def start() -> None:
    subprocess.run(["/bin/true"], check=True)


def text_in(file: int) -> str:
    with os.fdopen(file) as opened:
        return opened.read()


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
