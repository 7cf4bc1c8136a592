"""Read who somebody is from the headers of proxies. Nothing here reaches out."""

import base64
import binascii
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from hubbub.core.readable import is_readable
from hubbub.identity.oidc_tokens import MOST_CHARACTERS, MOST_GROUPS, Claims

logger = logging.getLogger(__name__)

Kind: TypeAlias = Literal["oauth2-proxy", "auth-request", "app-service", "cloudflare-access"]

_IDS = (
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "oid",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
    "sub",
)
"""The claims of App Service that tell somebody for good; the first that is there counts."""
_NAMES = ("name", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "preferred_username")
_EMAILS = (
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "preferred_username",
)
_ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
_LEFT_OUT = ("hasgroups", "_claim_names")


class ClaimsFault(ValueError):
    """What a proxy says can't be used; the text is for operators."""


class _Claim(msgspec.Struct):
    typ: str
    val: str


class _Principal(msgspec.Struct):
    """What App Service tells: learn.microsoft.com/azure/app-service/configure-authentication-user-identities."""

    auth_typ: str
    claims: list[_Claim]
    role_typ: str | None = None


def of_oauth2_proxy(said: Mapping[str, str], groups_claim: str, *, start: str = "x-forwarded-") -> Claims:
    """Return who oauth2-proxy announces. Groups are divided by commas.

    Raises:
        ClaimsFault: it can't be used.
    """
    groups = [one.strip() for one in said.get(start + "groups", "").split(",") if one.strip()]
    subject = said[start + "user"]
    email = said.get(start + "email", "") or (subject if "@" in subject else "")
    name = said.get(start + "preferred-username", "") or email
    return _checked(subject, name, email, groups)


def of_app_service(said: Mapping[str, str], groups_claim: str) -> Claims:
    """Return who App Service announces: people of each of its sign-ins are others, even with equal ids.

    Raises:
        ClaimsFault: it can't be used.
    """
    try:
        principal = msgspec.json.decode(base64.b64decode(said["x-ms-client-principal"], validate=True), type=_Principal)
    except (binascii.Error, UnicodeDecodeError, RecursionError, msgspec.MsgspecError) as error:
        raise ClaimsFault(f"x-ms-client-principal can't be read ({type(error).__name__}: {error})") from error
    values: dict[str, list[str]] = {}
    for claim in principal.claims:
        values.setdefault(claim.typ, []).append(claim.val)

    def first(names: Sequence[str]) -> str:
        return next((one for name in names for one in values.get(name, ()) if one), "")

    subject = first(_IDS)
    if not subject or not principal.auth_typ:
        raise ClaimsFault("x-ms-client-principal names neither an object id nor a subject")
    stated = said.get("x-ms-client-principal-id", "")
    if stated and stated not in [one for name in _IDS for one in values.get(name, ())]:
        raise ClaimsFault("x-ms-client-principal-id is another one than in x-ms-client-principal")
    roles = dict.fromkeys((groups_claim, *_ROLES, *([principal.role_typ] if principal.role_typ else ())))
    groups = [one for name in roles if name for one in values.get(name, ())]
    if any(name in values for name in _LEFT_OUT):
        logger.warning(
            "App Service leaves out the groups of %r since they are too many: it counts roles alone.", subject
        )
        groups = [one for name in roles if name and name != groups_claim for one in values.get(name, ())]
    email = next((one for name in _EMAILS for one in values.get(name, ()) if "@" in one), "")
    return _checked(f"{principal.auth_typ}:{subject}", first(_NAMES), email, groups)


def _of_auth_request(said: Mapping[str, str], groups_claim: str) -> Claims:
    return of_oauth2_proxy(said, groups_claim, start="x-auth-request-")


READ: Mapping[Kind, Callable[[Mapping[str, str], str], Claims]] = {
    "oauth2-proxy": of_oauth2_proxy,
    "auth-request": _of_auth_request,
    "app-service": of_app_service,
}
"""What reads the headers of each kind of proxy; those with a token are checked elsewhere."""


def _checked(subject: str, name: str, email: str, groups: Sequence[str]) -> Claims:
    for what, text in (("user", subject), ("name", name), ("e-mail", email)):
        if len(text) > MOST_CHARACTERS:
            raise ClaimsFault(f"the {what} has more than {MOST_CHARACTERS} characters")
        if not is_readable(text):
            raise ClaimsFault(f"the {what} holds characters that can't be printed")
    if len(groups) > MOST_GROUPS:
        raise ClaimsFault(f"there are {len(groups)} groups; the limit is {MOST_GROUPS}")
    if any(len(one) > MOST_CHARACTERS or not is_readable(one) for one in groups):
        raise ClaimsFault(f"a group's name has more than {MOST_CHARACTERS} characters, or some that can't be printed")
    return Claims(subject, name, email, False, frozenset(groups), "")
