"""Check the tokens of OpenID Connect providers. Nothing here reaches out."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from hubbub.core.errors import NotSignedIn
from hubbub.core.readable import is_readable

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those with public keys. "none" and HS… would let anybody sign who knows the public key."""
LEEWAY_SECONDS = 60.0
LAST_SECOND = 253_402_300_799
"""Of the year 9999: no token means a time beyond it."""
MOST_TOKEN_BYTES = 64 * 1024
MOST_GROUPS = 1000
MOST_CHARACTERS = 256
TENANT = "{tenantid}"
_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


SIGN_IN_FAILED = "The sign-in failed. Try again; if it fails again, ask whoever runs this server."
NOT_GOOD = (
    "The token that was sent is not accepted here. Get a new one; if it fails again, ask whoever runs this server."
)


class TokenRefused(NotSignedIn):
    """A provider's token does not say what it must. `detail` says what, for operators."""

    code = "token_refused"

    def __init__(self, detail: str, *, is_key_unknown: bool = False, message: str = SIGN_IN_FAILED) -> None:
        super().__init__(message, detail=detail)
        self.is_key_unknown = is_key_unknown


@dataclass(frozen=True)
class Rules:
    """What the tokens of a provider have to say."""

    issuer: str
    """May hold `{tenantid}`: then the token names its tenant, which has to be an allowed one."""
    client_id: str
    allowed_tenants: tuple[str, ...] = ()
    groups_claim: str = "groups"
    roles_claim: str = ""
    subject_claim: str = "sub"
    audiences: tuple[str, ...] = ()
    """What the tokens that programs send may be made for."""


@dataclass(frozen=True)
class Claims:
    """Who somebody is, by a token that was checked."""

    subject: str
    name: str
    email: str
    is_email_verified: bool
    groups: frozenset[str]
    session: str
    are_groups_known: bool = True
    """False: the provider left the groups out since they are too many, and there are none here then."""
    expires_at: float = 0.0
    sub: str = ""
    """What the provider's logout tokens call them."""


def id_claims(
    token: str, keys: Sequence[Mapping[str, Any]], rules: Rules, *, nonce: str, access_token: str = "", now: float
) -> Claims:
    """Return who an ID token is about.

    Raises:
        TokenRefused: it is not good.
    """
    algorithm, claims = _checked(token, keys, rules, now)
    if not nonce or not hmac.compare_digest(_text(claims, "nonce").encode(), nonce.encode()):
        raise TokenRefused("the nonce is not the one of this sign-in")
    if "at_hash" in claims and access_token:
        digest = hashlib.new(
            "sha512" if algorithm == "EdDSA" else f"sha{algorithm[2:]}", access_token.encode()
        ).digest()
        expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
        if not hmac.compare_digest(_text(claims, "at_hash").encode(), expected):
            raise TokenRefused("at_hash does not belong to the access token")
    return _said(claims, rules)


def access_claims(token: str, keys: Sequence[Mapping[str, Any]], rules: Rules, *, now: float) -> Claims:
    """Return who a token is about that a program sends (RFC 9068, as far as providers keep to it).

    Raises:
        TokenRefused: it is not good, or is one that says that somebody signed in or out.
    """
    _, claims = _checked(token, keys, rules, now, is_for_us=False)
    if "nonce" in claims or "events" in claims:
        raise TokenRefused("it is the token of a sign-in or a logout, not one for programs")
    return _said(claims, rules)


def _said(claims: Mapping[str, Any], rules: Rules) -> Claims:
    groups, are_known = _groups(claims, rules)
    return Claims(
        _text(claims, rules.subject_claim, is_needed=True),
        _text(claims, "name") or _text(claims, "preferred_username"),
        _text(claims, "email"),
        claims.get("email_verified") is True,
        groups,
        _text(claims, "sid"),
        are_known,
        float(claims["exp"]),
        _text(claims, "sub", is_needed=True),
    )


def logout_session(token: str, keys: Sequence[Mapping[str, Any]], rules: Rules, *, now: float) -> tuple[str, str]:
    """Return the session and the subject that a logout token ends; one of them may be empty.

    Raises:
        TokenRefused: it is not good (openid.net/specs/openid-connect-backchannel-1_0.html, 2.6).
    """
    _, claims = _checked(token, keys, rules, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(cast("dict[str, Any]", events).get(_LOGOUT), dict):
        raise TokenRefused("it is no logout token: events does not say so")
    if "nonce" in claims:
        raise TokenRefused("a logout token must not have a nonce")
    _text(claims, "jti", is_needed=True)
    session, subject = _text(claims, "sid"), _text(claims, "sub")
    if not session and not subject:
        raise TokenRefused("a logout token needs sid or sub")
    return session, subject


def issuer_in(token: str) -> tuple[str, str]:
    """Return the issuer and the tenant that a token names, unchecked: to find out by whose keys it is to be checked.

    Raises:
        TokenRefused: it can't be read.
    """
    _header(token)
    claims = _part(token.split(".")[1], "claims")
    return str(claims.get("iss")), str(claims.get("tid"))


def _checked(
    token: str, keys: Sequence[Mapping[str, Any]], rules: Rules, now: float, *, is_for_us: bool = True
) -> tuple[str, Mapping[str, Any]]:
    """Return the algorithm and the claims of a token whose signature, issuer, audience and times are good."""
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise TokenRefused(f"the algorithm {str(algorithm)[:40]!r} is not accepted")
    kind = _KINDS[algorithm[:2]]
    fitting = [
        one
        for one in keys
        if one.get("kty") == kind
        and one.get("use", "sig") == "sig"
        and one.get("alg", algorithm) == algorithm
        and (kid is None or one.get("kid") == kid)
    ]
    if not fitting:
        raise TokenRefused(f"no key of the provider has the kid {str(kid)[:80]!r}", is_key_unknown=True)
    if len(fitting) > 1:
        raise TokenRefused("several keys of the provider fit, and the token does not say which")
    try:
        claims = jwt.decode(token, jwk.import_key(dict(fitting[0])), algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise TokenRefused(f"the signature is not good ({type(error).__name__})") from error
    issuer = _issuer(claims, rules)
    key_issuer = fitting[0].get("issuer")
    if isinstance(key_issuer, str) and key_issuer.replace(TENANT, _text(claims, "tid")) != issuer:
        raise TokenRefused("the key is for another issuer")
    if is_for_us:
        _check_audience(claims, rules.client_id)
    else:
        _check_one_audience(claims, rules.audiences)
    _check_times(claims, now)
    return algorithm, claims


def _header(token: str) -> Mapping[str, Any]:
    if len(token) > MOST_TOKEN_BYTES:
        raise TokenRefused(f"the token is longer than {MOST_TOKEN_BYTES} bytes")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefused("it is no signed token")
    return _part(parts[0], "header")


def _part(text: str, what: str) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=dict[str, Any])
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise TokenRefused(f"the token's {what} can't be read") from error


def _issuer(claims: Mapping[str, Any], rules: Rules) -> str:
    expected = rules.issuer
    if TENANT in expected:
        tenant = _text(claims, "tid", is_needed=True)
        if tenant not in rules.allowed_tenants:
            raise TokenRefused(f"the tenant {tenant!r} is not in allowed_tenants")
        expected = expected.replace(TENANT, tenant)
    if claims.get("iss") != expected:
        raise TokenRefused(f"the issuer is {str(claims.get('iss'))[:200]!r}, not {expected!r}")
    return expected


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    said: Any = claims.get("aud")
    audience: list[Any] = cast("list[Any]", said) if isinstance(said, list) else [said]
    if client_id not in audience:
        raise TokenRefused(f"the audience is {str(audience)[:200]!r}, not {client_id!r}")
    if ("azp" in claims or len(audience) > 1) and claims.get("azp") != client_id:
        raise TokenRefused("the token was made for another client (azp)")


def _check_one_audience(claims: Mapping[str, Any], wanted: Sequence[str]) -> None:
    said: Any = claims.get("aud")
    audience: list[Any] = cast("list[Any]", said) if isinstance(said, list) else [said]
    if not any(one in wanted for one in audience):
        raise TokenRefused(f"the audience is {str(audience)[:200]!r}, none of {', '.join(wanted)}")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    for name, value in times.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LAST_SECOND:
            raise TokenRefused(f"{name} is no time")
    if "exp" not in times or "iat" not in times:
        raise TokenRefused("exp or iat is missing")
    if not times["exp"] > now - LEEWAY_SECONDS:
        raise TokenRefused("the token has expired")
    if not (times["iat"] <= now + LEEWAY_SECONDS and times.get("nbf", 0) <= now + LEEWAY_SECONDS):
        raise TokenRefused("the token is of the future: compare the clocks")


def _text(claims: Mapping[str, Any], name: str, *, is_needed: bool = False) -> str:
    value = claims.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        if is_needed:
            raise TokenRefused(f"the claim {name} is missing")
        return ""
    if not isinstance(value, str):
        raise TokenRefused(f"the claim {name} is no text")
    if len(value) > MOST_CHARACTERS:
        raise TokenRefused(f"the claim {name} has more than {MOST_CHARACTERS} characters")
    if not is_readable(value):
        raise TokenRefused(f"the claim {name} holds characters that are no text")
    return value


def _groups(claims: Mapping[str, Any], rules: Rules) -> tuple[frozenset[str], bool]:
    elsewhere: Any = claims.get("_claim_names")
    wanted = [name for name in (rules.groups_claim, rules.roles_claim) if name]
    if isinstance(elsewhere, dict) and not cast("dict[str, Any]", elsewhere).keys().isdisjoint(wanted):
        return frozenset(), False
    found: set[str] = set()
    for name in wanted:
        said = _inside(claims, name)
        values: list[Any] = [] if said is None else cast("list[Any]", said) if isinstance(said, list) else [said]
        if len(values) > MOST_GROUPS:
            raise TokenRefused(f"the claim {name} names {len(values)} groups; the limit is {MOST_GROUPS}")
        for value in values:
            if not isinstance(value, str) or len(value) > MOST_CHARACTERS or not is_readable(value):
                raise TokenRefused(f"the claim {name} holds something that is no name of a group")
            found.add(value)
    return frozenset(found), True


def _inside(claims: Mapping[str, Any], name: str) -> Any:
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = cast("dict[str, Any]", value).get(part) if isinstance(value, dict) else None
    return value
