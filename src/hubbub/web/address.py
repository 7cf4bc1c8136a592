"""Say from which address a request comes, as limits count it, and believe proxies that are trusted, and nobody else."""

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from starlette.types import Scope

from hubbub.core.people import Person

LOOPBACK = ("127.0.0.0/8", "::1/128")
_PEER = "hubbub.peer"
_SCHEMES = frozenset({"http", "https"})
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"})


class Forwarded(NamedTuple):
    """What a trusted proxy says of the request that it passes on; empty where it says nothing."""

    client: str = ""
    scheme: str = ""
    host: str = ""


NOTHING = Forwarded()


class Proxies:
    """The addresses whose word counts on whom a request comes from."""

    def __init__(self, trusted: Iterable[str] = LOOPBACK) -> None:
        self._networks = [ipaddress.ip_network(one, strict=False) for one in trusted]
        self.trusts = lru_cache(4096)(self._trusts)
        """Tells whether an address is one of them."""

    def read(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> Forwarded:
        """Return what the headers of a request say, where the peer that sent it is trusted.

        The client is the last address that no trusted proxy has: what stands before it may be anybody's invention.
        `X-Forwarded-For` goes before `Forwarded` (RFC 7239), which more proxies pass on unseen.
        """
        if not self.trusts(peer):
            return NOTHING
        said = [(name, value.decode("latin-1")) for name, value in headers if name in _FORWARDED]
        if not said:
            return NOTHING
        chain = _values(said, b"x-forwarded-for")
        elements = [_pairs(element) for element in _values(said, b"forwarded")]
        last = elements[-1] if elements else {}
        scheme = (_values(said, b"x-forwarded-proto") or [last.get("proto", "")])[-1].lower()
        host = (_values(said, b"x-forwarded-host") or [last.get("host", "")])[-1]
        client = self._client(chain or [one.get("for", "") for one in elements])
        return Forwarded(client, scheme if scheme in _SCHEMES else "", host)

    def apply(self, scope: Scope) -> Forwarded:
        """Let a request count as its real client's; return what was said of it."""
        peer = scope.get("client")
        if not peer:
            return NOTHING
        scope[_PEER] = peer[0]
        said = self.read(peer[0], scope["headers"])
        if said.client:
            scope["client"] = (said.client, 0)
        if said.scheme:
            scope["scheme"] = said.scheme
        return said

    def _client(self, chain: Sequence[str]) -> str:
        client = ""
        for one in reversed(chain):
            address = _address(one)
            if not address:
                break  # hidden or garbled: nothing before it can be told
            client = address
            if not self.trusts(address):
                break
        return client

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)


def peer_of(scope: Scope) -> str:
    """Return the address that opened the connection, whatever proxies say; empty where it has none."""
    return str(scope.get(_PEER, ""))


def client_address(scope: Scope) -> str:
    """Return the client's address: IPv4 whole, IPv6 as its /64, which one household or server has for itself.

    Empty where the connection has none (a Unix socket).
    """
    client = scope.get("client")
    return counted(client[0]) if client else ""


@lru_cache(4096)
def counted(text: str) -> str:
    """Return an address as limits count it."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _values(said: Sequence[tuple[bytes, str]], wanted: bytes) -> list[str]:
    return [one.strip() for name, value in said if name == wanted for one in value.split(",") if one.strip()]


def _pairs(element: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in element.split(";"))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _address(text: str) -> str:
    """Return the address in a node's name, which may have a port; empty where it has none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def payer_of(scope: Scope, person: Person) -> str:
    """Return who is charged for what is kept: the person, or a stranger's address (hashed); "" for an operator."""
    if person.is_operator:
        return ""
    address = person.address or client_address(scope)
    if person.known_by in ("cookie", "nothing") and address:
        return "address:" + hashlib.blake2b(address.encode(), digest_size=12).hexdigest()
    return f"person:{person.id}"
