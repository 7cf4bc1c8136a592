"""Tokens of OpenID Connect providers: the good ones, and one refusal for each way to be bad."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from joserfc import jwk, jwt

from hubbub.identity.oidc_tokens import MOST_GROUPS, Rules, TokenRefused, id_claims, logout_session

NOW = 1_800_000_000
KEY = jwk.ECKey.generate_key("P-256", {"kid": "one"})
RSA = jwk.RSAKey.generate_key(2048, {"kid": "rsa"})
KEYS = [KEY.as_dict(private=False), RSA.as_dict(private=False)]
RULES = Rules("https://issuer.example", "hubbub")
GOOD: dict[str, Any] = {
    "iss": "https://issuer.example",
    "aud": "hubbub",
    "sub": "ada",
    "nonce": "n",
    "iat": NOW,
    "exp": NOW + 300,
}


def signed(claims: dict[str, Any], key: Any = KEY, algorithm: str = "ES256", kid: str = "one") -> str:
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": kid}, said, key, algorithms=[algorithm])


def checked(rules: Rules = RULES, access_token: str = "", **claims: Any) -> Any:
    said = {name: value for name, value in (GOOD | claims).items() if value is not None}
    token = by_hand(json.dumps(said).encode())
    return id_claims(token, KEYS, rules, nonce="n", access_token=access_token, now=NOW)


def by_hand(claims: bytes) -> str:
    """Return a token with a good signature, of whatever its claims are: the library would not write some of them."""
    text = f"{signed(GOOD).partition('.')[0]}.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}"
    r, s = utils.decode_dss_signature(KEY.private_key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{base64.urlsafe_b64encode(r.to_bytes(32) + s.to_bytes(32)).rstrip(b'=').decode()}"


def test_a_good_token_says_who_it_is() -> None:
    found = checked(name="Ada", email="ada@example.com", email_verified=True, groups=["a", "b"], sid="s")
    assert (found.subject, found.name, found.email, found.session) == ("ada", "Ada", "ada@example.com", "s")
    assert found.is_email_verified
    assert found.groups == {"a", "b"}
    assert not checked(email="ada@example.com", email_verified="true").is_email_verified
    assert id_claims(signed(GOOD, RSA, "PS256", "rsa"), KEYS, RULES, nonce="n", now=NOW).subject == "ada"


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://other.example"}, "issuer"),
        ({"iss": "https://issuer.example/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"aud": ["hubbub", "other"]}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"exp": NOW - 61}, "expired"),
        ({"exp": None}, "exp or iat"),
        ({"iat": None}, "exp or iat"),
        ({"exp": str(NOW + 9)}, "no time"),
        ({"exp": True}, "no time"),
        ({"nbf": NOW + 61}, "future"),
        ({"iat": NOW + 61}, "future"),
        ({"nonce": "other"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": None}, "sub is missing"),
        ({"sub": ""}, "sub is missing"),
        ({"sub": " "}, "sub is missing"),
        ({"exp": 10**400}, "no time"),
        ({"exp": float("inf")}, "no time"),
        ({"nbf": float("-inf")}, "no time"),
        ({"iat": -(10**400)}, "no time"),
        ({"sub": "ada\0"}, "no text"),
        ({"sub": "\ud800"}, "no text"),
        ({"sub": "ada\u2028"}, "no text"),
        ({"name": "Ada\n"}, "no text"),
        ({"name": "\u202eadA"}, "no text"),
        ({"nonce": "\udfff"}, "no text"),
        ({"at_hash": "\ud800"}, "no text"),
        ({"sid": "\ud83d"}, "no text"),
        ({"email": "a\0@example.com"}, "no text"),
        ({"groups": ["a", "\ud800"]}, "no name of a group"),
        ({"groups": "a\u2067"}, "no name of a group"),
        ({"sub": 7}, "no text"),
        ({"sub": "x" * 257}, "more than 256"),
        ({"name": ["Ada"]}, "no text"),
        ({"groups": {"a": 1}}, "no name of a group"),
        ({"groups": ["a", 1]}, "no name of a group"),
        ({"groups": [str(n) for n in range(MOST_GROUPS + 1)]}, "limit is 1000"),
        ({"at_hash": "AAAA"}, "at_hash"),
        ({"name": None, "filler": "x" * 70_000}, "longer than"),
    ],
)
def test_each_wrong_claim_is_refused_by_its_name(claims: dict[str, Any], said: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        checked(access_token="opaque", **claims)
    assert said in caught.value.for_operators
    assert said not in caught.value.message


@pytest.mark.parametrize(
    "name", ["علی\u200cرضا", "山田\u3000太郎", "ක්\u200dෂමා", "Zoë\u00a0Ål", "\N{WOMAN}\u200d\N{ROCKET}"]
)
def test_names_of_all_scripts_are_taken(name: str) -> None:
    found = checked(sub=name, name=name, groups=[name])
    assert (found.subject, found.name, found.groups) == (name, name, {name})


def test_claims_that_are_nested_without_end_are_refused() -> None:
    with pytest.raises(TokenRefused):
        id_claims(by_hand(b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"), KEYS, RULES, nonce="n", now=NOW)


def test_times_are_taken_with_a_little_leeway_and_at_hash_when_it_fits() -> None:
    half = base64.urlsafe_b64encode(hashlib.sha256(b"opaque").digest()[:16]).rstrip(b"=").decode()
    assert checked(exp=NOW - 59, access_token="opaque", at_hash=half).subject == "ada"
    assert checked(aud=["hubbub", "other"], azp="hubbub").subject == "ada"


def test_signatures_by_no_key_by_the_public_key_and_by_another_are_refused() -> None:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    def by_public_key() -> str:
        signed_part = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(GOOD)}"
        mac = hmac.digest(RSA.as_pem(private=False), signed_part.encode(), "sha256")
        return f"{signed_part}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    other = jwk.ECKey.generate_key("P-256", {"kid": "one"})
    good = signed(GOOD)
    bad = {
        f"{part({'alg': 'none', 'kid': 'one'})}.{part(GOOD)}.": "algorithm",
        f"{part({'alg': 'ES256', 'kid': 'one'})}.{part(GOOD)}.": "signature",
        f"{good.split('.')[0]}.{part(GOOD | {'sub': 'root'})}.{good.split('.')[2]}": "signature",
        by_public_key(): "algorithm",
        signed(GOOD, other): "signature",
        signed(GOOD, RSA, "RS256", "one"): "kid",
        signed(GOOD, kid="new"): "kid",
        "a.b": "no signed token",
        "a.b.c": "header",
        f"{part([1])}.{part(GOOD)}.x": "header",
        "": "no signed token",
    }
    for token, said in bad.items():
        with pytest.raises(TokenRefused) as caught:
            id_claims(token, KEYS, RULES, nonce="n", now=NOW)
        assert said in caught.value.for_operators, token


def test_entra_names_its_tenant_and_leaves_out_groups_that_are_too_many() -> None:
    rules = Rules("https://login.example/{tenantid}/v2.0", "hubbub", ("t1",))
    entra = {"iss": "https://login.example/t1/v2.0", "tid": "t1"}
    found = checked(rules, **entra, _claim_names={"groups": "src1"}, groups=["left over"])
    assert (found.groups, found.are_groups_known) == (frozenset(), False)
    for bad in (
        {"iss": "https://login.example/t2/v2.0", "tid": "t2"},
        {"iss": "https://login.example/t2/v2.0", "tid": "t1"},
        {"iss": "https://login.example/t1/v2.0"},
        {"iss": "https://login.example/{tenantid}/v2.0", "tid": "{tenantid}"},
    ):
        with pytest.raises(TokenRefused):
            checked(rules, **bad)


def test_people_can_be_known_by_another_claim_and_are_signed_out_by_sub() -> None:
    rules = Rules(RULES.issuer, "hubbub", subject_claim="oid")
    found = checked(rules, oid="o-1")
    assert (found.subject, found.sub) == ("o-1", "ada")
    with pytest.raises(TokenRefused, match="oid is missing"):
        checked(rules)


def test_groups_are_found_inside_and_roles_beside_them() -> None:
    rules = Rules(RULES.issuer, "hubbub", (), "realm.access", "roles")
    assert checked(rules, realm={"access": ["a"]}, roles="b").groups == {"a", "b"}
    assert checked(rules, realm=7).groups == frozenset()


def test_a_logout_token_is_no_id_token() -> None:
    events = {"http://schemas.openid.net/event/backchannel-logout": {}}
    good = GOOD | {"nonce": None, "sid": "s", "jti": "1", "events": events}
    assert logout_session(signed(good), KEYS, RULES, now=NOW) == ("s", "ada")
    for bad in ({"nonce": "n"}, {"events": None}, {"events": []}, {"jti": None}, {"aud": "other"}):
        with pytest.raises(TokenRefused):
            logout_session(signed(good | bad), KEYS, RULES, now=NOW)
    with pytest.raises(TokenRefused, match="sid or sub"):
        logout_session(signed(good | {"sid": None, "sub": None}), KEYS, RULES, now=NOW)
