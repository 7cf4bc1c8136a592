"""A DNS server over UDP that treats a name as its first label says: `nxdomain.test` does not exist."""

import asyncio
import struct
from collections import Counter
from types import TracebackType
from typing import Self

LATE_SECONDS = 0.15
_NO_ERROR, _SERVER_FAILURE, _NO_SUCH_NAME = 0, 2, 3
_IPV4 = 1


class NameServer(asyncio.DatagramProtocol):
    """The server; an async context manager. It knows nxdomain, servfail, silent, empty and late; others are well."""

    def __init__(self) -> None:
        self.asked = Counter[str]()
        """How often each name was asked for."""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        host, port = self._transport.get_extra_info("sockname")
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        name, end = _name_in(data)
        self.asked[name] += 1
        question = data[12 : end + 4]
        is_ipv4 = struct.unpack(">H", data[end : end + 2])[0] == _IPV4
        match name.partition(".")[0]:
            case "silent":
                return
            case "nxdomain":
                reply = _reply(data, question, _NO_SUCH_NAME)
            case "servfail":
                reply = _reply(data, question, _SERVER_FAILURE)
            case "empty":
                reply = _reply(data, question, _NO_ERROR)
            case first:
                reply = _reply(data, question, _NO_ERROR, has_address=is_ipv4)
                if first == "late":
                    asyncio.get_running_loop().call_later(LATE_SECONDS, self._transport.sendto, reply, addr)
                    return
        self._transport.sendto(reply, addr)


def _name_in(query: bytes) -> tuple[str, int]:
    """Return the name that is asked for, and where it ends."""
    labels: list[str] = []
    place = 12
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length].decode("latin-1"))
        place += 1 + length
    return ".".join(labels).lower(), place + 1


def _reply(query: bytes, question: bytes, code: int, *, has_address: bool = False) -> bytes:
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, int(has_address), 0, 0)
    answer = struct.pack(">HHHIH", 0xC00C, _IPV4, 1, 0, 4) + bytes((127, 0, 0, 1)) if has_address else b""
    return head + question + answer
