"""Check the tokens of Cloudflare Access by its team's keys."""

import time
from collections.abc import Callable

import msgspec

from hubbub.connections.http import Http
from hubbub.identity.oidc import Keys, KeySet, fetched, with_keys
from hubbub.identity.oidc_kept import Kept
from hubbub.identity.oidc_tokens import NOT_GOOD, Claims, Rules, TokenRefused, access_claims

CERTS = "/cdn-cgi/access/certs"


class AccessTokens:
    """The tokens that a team's Access puts into each request (developers.cloudflare.com/cloudflare-one/identity)."""

    def __init__(self, label: str, rules: Rules, http: Http, *, wall_clock: Callable[[], float] = time.time) -> None:
        self._label = label
        self._rules = rules
        self._http = http
        self._wall_clock = wall_clock
        self._kept = Kept(label, self._publish)

    async def claims_of(self, token: str) -> Claims:
        """Return who a token is about.

        Raises:
            TokenRefused: it is not good, or a service's, which is no person.
            Overloaded: the team's keys can't be fetched, and are not known.
        """
        try:
            return await with_keys(
                self._kept, lambda keys: access_claims(token, keys, self._rules, now=self._wall_clock())
            )
        except TokenRefused as error:
            detail = f"A token of {self._label} was refused: {error.for_operators}"
            raise TokenRefused(detail, message=NOT_GOOD) from error

    async def _publish(self) -> Keys:
        return msgspec.json.decode(await fetched(self._http, self._rules.issuer + CERTS), type=KeySet).keys
