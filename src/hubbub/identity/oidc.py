"""Sign people in at an OpenID Connect provider: the code flow with PKCE, and the provider's keys."""

import asyncio
import base64
import hashlib
import ipaddress
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from hubbub.connections.http import Http
from hubbub.connections.outside import BrokenOff, Unreachable
from hubbub.core.errors import NotAllowed, Overloaded
from hubbub.identity.oidc_kept import OUT_OF_USE, RETRY_SECONDS, Kept
from hubbub.identity.oidc_tokens import (
    MOST_CHARACTERS,
    TENANT,
    Claims,
    Rules,
    TokenRefused,
    access_claims,
    id_claims,
    logout_session,
)
from hubbub.identity.stores import IdTokens

logger = logging.getLogger(__name__)

REQUEST_SECONDS = 10.0
MOST_BYTES = 512 * 1024
_DISCOVERY = "/.well-known/openid-configuration"

P = TypeVar("P")
T = TypeVar("T")
Keys: TypeAlias = list[dict[str, Any]]


class Discovered(msgspec.Struct, frozen=True):
    """What a provider says of itself (openid.net/specs/openid-connect-discovery-1_0.html)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    backchannel_logout_session_supported: bool = False
    frontchannel_logout_session_supported: bool = False
    authorization_response_iss_parameter_supported: bool = False


class KeySet(msgspec.Struct, frozen=True):
    """The keys that a provider signs with."""

    keys: Keys


class Published(NamedTuple):
    """All that a provider says of itself."""

    said: Discovered
    keys: Keys


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""


class Flow(msgspec.Struct, frozen=True):
    """One sign-in under way. It is kept in the cookie of the browser that began it."""

    provider: str
    state: str
    nonce: str
    verifier: str
    back: str
    """The path of this server that the person returns to."""


@dataclass(frozen=True)
class Client:
    """How this server is known at a provider, and whom it lets in."""

    name: str
    label: str
    issuer: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    groups_claim: str
    roles_claim: str
    operator_groups: frozenset[str]
    allowed_groups: frozenset[str]
    allowed_domains: frozenset[str]
    allowed_tenants: tuple[str, ...]
    subject_claim: str = "sub"
    audiences: tuple[str, ...] = ()
    links_by_email: bool = False
    ends_session: bool = True


class SignedIn(NamedTuple):
    """Who has signed in at a provider, and the token that said so."""

    claims: Claims
    id_token: str


class Provider:
    """An OpenID Connect provider. It is asked for the first time when somebody signs in there."""

    def __init__(
        self,
        client: Client,
        http: Http,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.client = client
        self._http = http
        self._wall_clock = wall_clock
        self.kept = Kept(client.label, self._publish, self._look, clock=clock)

    async def begin(self, redirect_uri: str, back: str) -> tuple[Flow, str]:
        """Return a new sign-in and the address to send the browser to.

        Raises:
            Overloaded: the provider can't be reached now.
        """
        said = (await self.kept.get()).said
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        flow = Flow(self.client.name, state, nonce, verifier, back)
        digest = hashlib.sha256(flow.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *self.client.scopes))),
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        separator = "&" if urlsplit(said.authorization_endpoint).query else "?"
        return flow, said.authorization_endpoint + separator + urlencode(query)

    async def finish(self, flow: Flow, code: str, redirect_uri: str, *, issuer: str = "") -> SignedIn:
        """Exchange a code, and return who signed in.

        Raises:
            TokenRefused: what the provider says is not good.
            NotAllowed: this person is not among those who are let in.
            Overloaded: the provider can't be reached now.
        """
        said = (await self.kept.get()).said
        has_issuer = bool(issuer) or said.authorization_response_iss_parameter_supported
        if TENANT not in said.issuer and has_issuer and issuer != said.issuer:  # RFC 9207: another provider's code
            raise TokenRefused(f"the code is of the issuer {issuer[:200]!r}, not {said.issuer!r}")
        tokens = await self._exchange(said, flow, code, redirect_uri)
        claims = await self._with_keys(
            lambda keys, rules: id_claims(
                tokens.id_token,
                keys,
                rules,
                nonce=flow.nonce,
                access_token=tokens.access_token,
                now=self._wall_clock(),
            )
        )
        self._check_allowed(claims)
        return SignedIn(claims, tokens.id_token)

    async def of_program(self, token: str) -> Claims:
        """Return who a token is about that a program sends.

        Raises:
            TokenRefused: it is not good.
            NotAllowed: this person is not among those who are let in.
            Overloaded: the provider can't be reached now, and its keys are not known.
        """
        claims = await self._with_keys(
            lambda keys, rules: access_claims(token, keys, rules, now=self._wall_clock()),
        )
        self._check_allowed(claims)
        return claims

    def may_have_issued(self, issuer: str) -> bool:
        """Tell whether tokens of an issuer are to be checked by this provider's keys."""
        client = self.client
        if client.allowed_tenants and urlsplit(issuer).netloc == urlsplit(client.issuer).netloc:
            return True  # one for many tenants: which one it is, is checked with the token
        return issuer == client.issuer

    async def leaving(self, id_token: str, back: str) -> str:
        """Return the address that signs somebody out there, and sends them back; empty: the provider has none.

        See openid.net/specs/openid-connect-rpinitiated-1_0.html, 2.
        """
        try:
            address = (await self.kept.get()).said.end_session_endpoint if self.client.ends_session else ""
        except Overloaded:
            return ""  # here they are signed out all the same
        if not address:
            return ""
        query = {"client_id": self.client.client_id, "post_logout_redirect_uri": back}
        query |= {"id_token_hint": id_token} if id_token else {}
        return address + ("&" if urlsplit(address).query else "?") + urlencode(query)

    async def left(self, issuer: str, session: str) -> str:
        """Return the session that a page of the provider ends (front-channel logout), as `session_of` names it.

        Raises:
            TokenRefused: it is not this provider's, or names no session.
            Overloaded: the provider can't be reached now.
        """
        said = (await self.kept.get()).said
        tenants = self.client.allowed_tenants if TENANT in said.issuer else ("",)
        if issuer not in {said.issuer.replace(TENANT, tenant) for tenant in tenants}:
            raise TokenRefused(f"the issuer is {issuer[:200]!r}, not {said.issuer!r}")
        if not 0 < len(session) <= MOST_CHARACTERS or not _has_sessions(said):
            raise TokenRefused("it names no session: have the provider send iss and sid")
        return f"sid:{session}"

    async def logged_out(self, token: str) -> str:
        """Return the session that a logout token ends, as `session_of` names it.

        Raises:
            TokenRefused: the token is not good.
            Overloaded: the provider can't be reached now.
        """
        said = (await self.kept.get()).said
        session, subject = await self._with_keys(
            lambda keys, rules: logout_session(token, keys, rules, now=self._wall_clock())
        )
        if not _has_sessions(said):
            if not subject:
                raise TokenRefused("a logout token without sub, of a provider that says nothing of sessions")
            return f"sub:{subject}"
        if not session:
            raise TokenRefused("a logout token without sid: have the provider send the session (sid)")
        return f"sid:{session}"

    async def session_of(self, claims: Claims) -> str:
        """Return by what name the provider can end a sign-in; empty: it can't."""
        if not _has_sessions((await self.kept.get()).said):
            return f"sub:{claims.sub}"
        return f"sid:{claims.session}" if claims.session else ""

    def _check_allowed(self, claims: Claims) -> None:
        client = self.client
        if not claims.are_groups_known:
            logger.warning(
                "%s does not name the groups of %r since they are too many (_claim_names): this person counts as in no "
                "group. Assign groups to the application there, or send roles in their place.",
                client.label,
                claims.subject,
            )
        refusal = f"Your account at {client.label} may not use this server. Ask whoever runs it."
        if client.allowed_groups and not client.allowed_groups & claims.groups:
            raise NotAllowed(refusal, detail=f"{claims.subject!r} is in none of the allowed groups")
        domain = claims.email.rpartition("@")[2].lower()
        if client.allowed_domains and not (claims.is_email_verified and domain in client.allowed_domains):
            raise NotAllowed(refusal, detail=f"{claims.subject!r} has no verified e-mail at an allowed domain")

    async def _with_keys(self, check: Callable[[Keys, Rules], T]) -> T:
        """Check with the keys that are known, and once more with new ones where the key is not among them."""
        client = self.client

        def checked(published: Published) -> T:
            rules = Rules(
                published.said.issuer,
                client.client_id,
                client.allowed_tenants,
                client.groups_claim,
                client.roles_claim,
                client.subject_claim,
                client.audiences,
            )
            return check(published.keys, rules)

        return await with_keys(self.kept, checked)

    async def _publish(self) -> Published:
        said = await self._fetch(self.client.issuer.rstrip("/") + _DISCOVERY)
        discovered = self._believed(said)
        keys = msgspec.json.decode(await self._fetch(discovered.jwks_uri), type=KeySet).keys
        return Published(discovered, keys)

    async def _look(self) -> None:
        await self._fetch(self.client.issuer.rstrip("/") + _DISCOVERY)

    def _believed(self, body: bytes) -> Discovered:
        said = msgspec.json.decode(body, type=Discovered)
        if TENANT in said.issuer:
            if not self.client.allowed_tenants:
                raise ValueError("the issuer is one for many tenants: name those to let in as allowed_tenants")
            if urlsplit(said.issuer).netloc != urlsplit(self.client.issuer).netloc:
                raise ValueError(f"it calls itself {said.issuer}, not {self.client.issuer}")
        elif said.issuer != self.client.issuer:
            raise ValueError(f"it calls itself {said.issuer}, not {self.client.issuer}")
        for address in (said.authorization_endpoint, said.token_endpoint, said.jwks_uri, said.end_session_endpoint):
            if address and not _is_protected(address):
                raise ValueError(f"it names {address[:200]!r}, which does not begin with https://")
        return said

    async def _fetch(self, url: str) -> bytes:
        return await fetched(self._http, url)

    async def _exchange(self, said: Discovered, flow: Flow, code: str, redirect_uri: str) -> _Tokens:
        client = self.client
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if client.client_secret and "client_secret_basic" in said.token_endpoint_auth_methods_supported:
            pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"  # RFC 6749, 2.3.1
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form["client_id"] = client.client_id
            if client.client_secret:
                form["client_secret"] = client.client_secret
        try:
            async with (
                asyncio.timeout(REQUEST_SECONDS),
                self._http.request(
                    "POST", said.token_endpoint, headers=headers, body=urlencode(form).encode()
                ) as reply,
            ):
                status, body = reply.status, await reply.body(MOST_BYTES)
        except (Unreachable, BrokenOff, TimeoutError) as error:
            self.kept.note(is_there=False)
            raise Overloaded(OUT_OF_USE, retry_after_seconds=RETRY_SECONDS) from error
        if status >= 500 or status == 429:
            self.kept.note(is_there=False)
            logger.warning("%s does not say whose a code is: it answers with %d.", client.label, status)
            raise Overloaded(OUT_OF_USE, retry_after_seconds=RETRY_SECONDS)
        if status != 200:
            raise TokenRefused(f"the provider refuses the code ({status}): {_error_in(body)}")
        try:
            return msgspec.json.decode(body, type=_Tokens)
        except msgspec.MsgspecError as error:
            raise TokenRefused(f"the provider's tokens can't be read: {error}") from error


class Providers:
    """The providers that people can sign in at, by their names in the settings."""

    def __init__(self, providers: Mapping[str, Provider], id_tokens: IdTokens | None = None) -> None:
        """Take the providers, and what keeps the tokens that they ask for when somebody signs out."""
        self.by_name = providers
        self._id_tokens = id_tokens

    async def keep(self, cookie: str, signed_in: SignedIn) -> None:
        """Keep what signing out there needs, by the cookie of the sign-in here."""
        if self._id_tokens is not None:
            await self._id_tokens.keep(cookie, signed_in.id_token)

    async def leaving(self, name: str, cookie: str, back: str) -> str:
        """Return the address that signs somebody out at a provider and sends them back; empty: there is none."""
        if (provider := self.by_name.get(name)) is None:
            return ""
        return await provider.leaving(await self._id_tokens.find(cookie) if self._id_tokens else "", back)


def own_path(text: str) -> str:
    """Return a path of this server to go back to; the page's own where the text is anything else."""
    is_own = text.startswith("/") and not text.startswith("//") and "\\" not in text and len(text) <= 1000
    return text if is_own and text.isascii() and text.isprintable() else "/"


async def fetched(http: Http, url: str) -> bytes:
    """Return a small page.

    Raises:
        OSError, ValueError: it is not to be had.
    """
    status, body = await http.get(url, seconds=REQUEST_SECONDS, limit_bytes=MOST_BYTES)
    if status != 200:
        raise ValueError(f"{url} is answered with {status}")
    return body


async def with_keys(kept: Kept[P], check: Callable[[P], T]) -> T:
    """Check with the keys that are known, and once more with new ones where the key is not among them.

    Raises:
        TokenRefused: as the check does.
        Overloaded: there are no keys yet, and none are to be had.
    """
    try:
        return check(await kept.get())
    except TokenRefused as error:
        if not error.is_key_unknown:
            raise
    return check(await kept.get(is_key_unknown=True))


def _has_sessions(said: Discovered) -> bool:
    return said.backchannel_logout_session_supported or said.frontchannel_logout_session_supported


def _is_protected(address: str) -> bool:
    parts = urlsplit(address)
    if parts.scheme != "http":
        return parts.scheme == "https"
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _error_in(body: bytes) -> str:
    try:
        said = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return "without a reason"
    return repr(cast("dict[str, Any]", said).get("error"))[:200] if isinstance(said, dict) else "without a reason"
