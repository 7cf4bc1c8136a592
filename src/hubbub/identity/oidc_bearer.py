"""Take tokens of providers that programs send: `Authorization: Bearer <JWT>`."""

import re
from collections.abc import Mapping, Sequence

from hubbub.core.errors import NotSignedIn
from hubbub.identity.oidc import Provider
from hubbub.identity.oidc_tokens import MOST_TOKEN_BYTES, NOT_GOOD, TokenRefused, issuer_in
from hubbub.identity.vouched import Proof

_FORM = re.compile(r"[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]*", re.ASCII)


class ProgramTokens:
    """A `Source`: the providers whose tokens programs may send. Anything that is no such token says nothing here."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = [one for one in providers if one.client.audiences]

    def value_in(self, headers: Mapping[str, str]) -> bytes | None:
        token = _token_in(headers) if self._providers else None
        return None if token is None else b"token " + token.encode()

    async def proof_in(self, headers: Mapping[str, str]) -> Proof:
        token = _token_in(headers)
        if token is None:
            raise NotSignedIn(NOT_GOOD)
        try:
            return await self._checked(token)
        except TokenRefused as error:
            detail = f"A token of a program was refused: {error.for_operators}"
            raise TokenRefused(detail, message=NOT_GOOD) from error

    async def _checked(self, token: str) -> Proof:
        if len(token) > MOST_TOKEN_BYTES:
            raise TokenRefused(f"it is longer than {MOST_TOKEN_BYTES} bytes")
        issuer, _ = issuer_in(token)
        fitting = [one for one in self._providers if one.may_have_issued(issuer)]
        if not fitting:
            raise TokenRefused(f"the issuer {issuer[:200]!r} is no provider with identity.oidc.….audiences")
        refusals: list[TokenRefused] = []
        for provider in fitting:  # several clients of one provider: the audience says whose
            try:
                claims = await provider.of_program(token)
            except TokenRefused as error:
                refusals.append(error)
                continue
            client = provider.client
            return Proof(
                client.name,
                claims.subject,
                claims.name,
                claims.email,
                claims.is_email_verified,
                client.links_by_email,
                claims.groups,
                bool(claims.groups & client.operator_groups),
                claims.expires_at,
                is_whole=False,
            )
        raise refusals[0]


def _token_in(headers: Mapping[str, str]) -> str | None:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    value = value.strip()
    return value if scheme.lower() == "bearer" and _FORM.fullmatch(value) else None
