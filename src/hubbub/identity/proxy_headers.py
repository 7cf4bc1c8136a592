"""Let trusted proxies say in headers who sends a request, and nobody else.

What a proxy announces is kept beside the request, where nothing from outside can put it: in a context variable.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from hubbub.core.errors import Malformed, NotAllowed, NotSignedIn
from hubbub.core.readable import is_readable
from hubbub.identity.proxy_claims import READ, ClaimsFault, Kind
from hubbub.identity.proxy_tokens import AccessTokens
from hubbub.identity.vouched import Proof

HEADERS: Mapping[Kind, tuple[str, ...]] = {
    "oauth2-proxy": tuple(f"x-forwarded-{one}" for one in ("user", "email", "groups", "preferred-username")),
    "auth-request": tuple(f"x-auth-request-{one}" for one in ("user", "email", "groups", "preferred-username")),
    "app-service": ("x-ms-client-principal", *(f"x-ms-client-principal-{one}" for one in ("id", "name", "idp"))),
    "cloudflare-access": ("cf-access-jwt-assertion", "cf-access-authenticated-user-email"),
}
"""The headers of each kind of proxy that say who somebody is; the first one has to be there where any is."""
SIGN_OUT: Mapping[Kind, str] = {
    "oauth2-proxy": "/oauth2/sign_out",
    "auth-request": "/oauth2/sign_out",
    "app-service": "/.auth/logout",
    "cloudflare-access": "/cdn-cgi/access/logout",
}
"""Where such a proxy signs people out."""
MOST_BYTES = 64 * 1024
"""The longest of these headers."""
NOT_LET_IN = "Your account may not use this server. Ask whoever runs it."
_FORGED = (
    "This request says who sends it in a header that only this server's own proxy may set. Open the page at its usual "
    "address; if that fails, ask whoever runs this server."
)
_GARBLED = "The proxy before this server does not say clearly who you are. Tell whoever runs this server."


@dataclass(frozen=True)
class IdentityProxy:
    """A proxy, and how it is believed."""

    name: str
    label: str
    kind: Kind
    networks: tuple[str, ...]
    groups_claim: str = "groups"
    operator_groups: frozenset[str] = frozenset()
    allowed_groups: frozenset[str] = frozenset()
    emails_are_verified: bool = False
    links_by_email: bool = False
    sign_out_path: str = ""


@dataclass(frozen=True)
class Announced:
    """What a proxy says of who sends a request: its headers, by their names in lower case."""

    proxy: IdentityProxy
    said: Mapping[str, str]


announced: ContextVar[Announced | None] = ContextVar("announced", default=None)
"""What a trusted proxy says of the request that is being served; set anew for each request."""


class IdentityProxies:
    """The proxies that are believed. Their headers from any other address are refused, whatever they say."""

    def __init__(self, proxies: Sequence[IdentityProxy]) -> None:
        self._networks = [(ipaddress.ip_network(one), proxy) for proxy in proxies for one in proxy.networks]
        self._names = frozenset(name for proxy in proxies for name in HEADERS[proxy.kind])
        self._lengths = frozenset(map(len, self._names))
        self._proxy_at = lru_cache(4096)(self._find)

    def read(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> Announced | None:
        """Return what the headers of a request announce; None: nothing.

        Raises:
            NotAllowed: whoever sends them is no proxy.
            Malformed: they are not clear: repeated, of another spelling, too long, or no text.
        """
        found: dict[str, str] = {}
        for raw, value in headers:
            if len(raw) not in self._lengths:
                continue
            name = raw.decode("latin-1").lower()
            if (plain := name.replace("_", "-")) not in self._names or not value.strip():
                continue
            proxy = self._proxy_at(peer)
            if proxy is None:
                raise NotAllowed(
                    _FORGED,
                    code="not_from_a_proxy",
                    detail=f"{name} came from {peer or 'an unknown address'}, which is no address of identity.proxies",
                )
            if plain not in HEADERS[proxy.kind]:
                continue
            if name != plain:
                raise _garbled(proxy, f"{name} is not how it writes {plain}: have it delete such headers from outside")
            if name in found:
                raise _garbled(proxy, f"{name} is there twice: have it replace what comes from outside")
            if len(value) > MOST_BYTES:
                raise _garbled(proxy, f"{name} has {len(value)} bytes; the limit is {MOST_BYTES}")
            found[name] = _decoded(proxy, name, value)
        proxy = self._proxy_at(peer) if found else None
        if proxy is None:
            return None
        if HEADERS[proxy.kind][0] not in found:
            raise _garbled(proxy, f"{next(iter(found))} is there, but not {HEADERS[proxy.kind][0]}")
        return Announced(proxy, found)

    def _find(self, peer: str) -> IdentityProxy | None:
        try:
            address = ipaddress.ip_address(peer.partition("%")[0])
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return next((proxy for network, proxy in self._networks if address in network), None)


class ProxyHeaders:
    """A `Source`: whom a trusted proxy announces."""

    def __init__(self, tokens: Mapping[str, AccessTokens]) -> None:
        """Take what checks the tokens of proxies that send some, by the proxies' names."""
        self._tokens = tokens

    def value_in(self, headers: Mapping[str, str]) -> bytes | None:
        said = announced.get()
        return None if said is None else repr((said.proxy.name, sorted(said.said.items()))).encode()

    async def proof_in(self, headers: Mapping[str, str]) -> Proof:
        said = announced.get()
        if said is None:
            raise NotSignedIn("Sign in first.")
        proxy = said.proxy
        if (tokens := self._tokens.get(proxy.name)) is not None:
            claims = await tokens.claims_of(said.said[HEADERS[proxy.kind][0]])
        else:
            try:
                claims = READ[proxy.kind](said.said, proxy.groups_claim)
            except ClaimsFault as error:
                raise _garbled(proxy, str(error)) from error
        if proxy.allowed_groups and not proxy.allowed_groups & claims.groups:
            raise NotAllowed(NOT_LET_IN, detail=f"{claims.subject!r} of {proxy.label} is in none of the allowed groups")
        return Proof(
            proxy.name,
            claims.subject,
            claims.name,
            claims.email,
            proxy.emails_are_verified,
            proxy.links_by_email,
            claims.groups,
            bool(claims.groups & proxy.operator_groups),
            claims.expires_at,
        )


def proxy_name() -> str:
    """Return the proxy that announced this request; empty: none did."""
    said = announced.get()
    return "" if said is None else said.proxy.name


def sign_out_path() -> str:
    """Return where the proxy that announced this request signs people out; empty: none did."""
    said = announced.get()
    return "" if said is None else said.proxy.sign_out_path or SIGN_OUT[said.proxy.kind]


def _decoded(proxy: IdentityProxy, name: str, value: bytes) -> str:
    try:
        text = value.decode().strip()
    except UnicodeDecodeError as error:
        raise _garbled(proxy, f"{name} is no UTF-8") from error
    if not is_readable(text):
        raise _garbled(proxy, f"{name} holds characters that can't be printed")
    return text


def _garbled(proxy: IdentityProxy, why: str) -> Malformed:
    return Malformed(_GARBLED, code="unclear_identity", detail=f"What {proxy.label} announces was refused: {why}")
