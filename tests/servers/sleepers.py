"""Clients that begin to read an answer's events and never take a byte of them."""

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

AT_ONCE = 50


@asynccontextmanager
async def sleeping(port: int, count: int, path: str) -> AsyncIterator[list[socket.socket]]:
    """Let so many clients ask for a path and then do nothing."""
    loop = asyncio.get_running_loop()
    door = asyncio.Semaphore(AT_ONCE)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()

    async def fall_asleep() -> socket.socket:
        raw = stack.enter_context(contextlib.closing(socket.socket()))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        async with door:
            await loop.sock_connect(raw, ("127.0.0.1", port))
            await loop.sock_sendall(raw, request)
        return raw

    with contextlib.ExitStack() as stack:
        yield await asyncio.gather(*(fall_asleep() for _ in range(count)))


def resident_bytes(pid: int) -> int:
    """Return the memory that a process has of its own (Linux)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def kernel_bytes(port: int) -> int:
    """Return what the kernel holds for a server's connections; where `ss` is missing, for all of the machine's."""
    if shutil.which("ss") is None:
        pages = re.search(r"TCP:.* mem (\d+)", Path("/proc/net/sockstat").read_text())
        assert pages
        return int(pages[1]) * 4096
    listed = subprocess.run(
        ["ss", "-tmnH", "sport", "=", f":{port}"], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    held = re.findall(r"skmem:\(r(\d+),rb\d+,t\d+,tb\d+,f(\d+),w(\d+)", listed)
    return sum(int(number) for numbers in held for number in numbers)
