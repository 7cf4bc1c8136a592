"""What every identity promises."""

from collections.abc import Mapping

import pytest

from hubbub.core.errors import NotSignedIn
from hubbub.identity.base import Identity, RevocableIdentity


class IdentityContract:
    """Subclasses give two fixtures: `identity`, and the `headers` of somebody whom it lets in."""

    async def test_it_says_who_sends_headers(self, identity: Identity, headers: Mapping[str, str]) -> None:
        person = await identity.person(headers)
        assert person.id
        assert await identity.person(headers) == person

    async def test_who_opens_the_page_is_the_same(self, identity: Identity, headers: Mapping[str, str]) -> None:
        welcome = await identity.welcome(headers)
        assert welcome.person.id == (await identity.person(headers)).id
        assert welcome.cookie is None or all(welcome.cookie)

    async def test_headers_of_nobody_are_refused_or_are_somebody_elses(
        self, identity: Identity, headers: Mapping[str, str]
    ) -> None:
        known = await identity.person(headers)
        for strange in ({}, dict.fromkeys(headers, ""), dict.fromkeys(headers, "no such thing")):
            try:
                assert (await identity.person(strange)).id != known.id
            except NotSignedIn as refused:
                assert refused.message

    async def test_a_credential_that_lets_in_has_not_ended(
        self, identity: Identity, headers: Mapping[str, str]
    ) -> None:
        if not isinstance(identity, RevocableIdentity):
            pytest.skip("its credentials can't be revoked")
        credential = identity.credential(headers)
        if credential is not None:
            assert await identity.ended([credential]) == frozenset()
