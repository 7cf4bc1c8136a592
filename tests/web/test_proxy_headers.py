"""Headers of proxies that say who sends a request, at a server that runs: from proxies, and from everybody else."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from hubbub.compose import identity_faults
from hubbub.settings import Settings
from tests.patience import patience
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted
from tests.servers.issuer import Issuer, new_key

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("proxy headers")]

FRONT, NGINX, AZURE, ACCESS, NOBODY = (f"127.0.0.{number}" for number in (11, 12, 13, 14, 99))
AT = "HUBBUB_IDENTITY__PROXIES__"
OPERATORS = '["operators"]'
OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


class Got(NamedTuple):
    """A response."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        return str(self.body.get("code"))


class Served(NamedTuple):
    """A server that trusts four proxies, and the keys of one of them."""

    server: HubbubServer
    access: Issuer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with Issuer() as access:
        settings = {
            f"{AT}FRONT__KIND": "oauth2-proxy",
            f"{AT}FRONT__ADDRESSES": f'["{FRONT}"]',
            f"{AT}FRONT__OPERATOR_GROUPS": OPERATORS,
            f"{AT}NGINX__KIND": "auth-request",
            f"{AT}NGINX__ADDRESSES": f'["{NGINX}/32"]',
            f"{AT}NGINX__ALLOWED_GROUPS": '["staff"]',
            f"{AT}AZURE__KIND": "app-service",
            f"{AT}AZURE__ADDRESSES": f'["{AZURE}"]',
            f"{AT}ACCESS__KIND": "cloudflare-access",
            f"{AT}ACCESS__ADDRESSES": f'["{ACCESS}"]',
            f"{AT}ACCESS__ISSUER": access.url,
            f"{AT}ACCESS__AUDIENCES": '["tag"]',
            f"{AT}ACCESS__GROUPS_CLAIM": "custom.groups",
        }
        folder = tmp_path_factory.mktemp("proxied")
        async with hubbub_serving(folder, scripted(words=2000, pause_seconds=0.02) | settings) as server:
            yield Served(server, access)


Headers = Sequence[tuple[str, str | bytes]]


async def ask(
    served: Served,
    peer: str,
    headers: Headers,
    path: str = "/api/me",
    *,
    method: str = "",
    body: bytes = b"",
    trailer: str = "",
) -> Got:
    """Send exactly these headers from an address of this machine."""
    host, _, port = served.server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=(peer, 0), limit=2**20)
    lines = [f"{method or ('POST' if body else 'GET')} {path} HTTP/1.1", f"Host: {host}:{port}", "Connection: close"]
    head = "\r\n".join(lines).encode() + b"\r\n"
    for name, value in headers:
        head += name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    if body:
        head += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        head += b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailer.encode())
    else:
        head += b"\r\n"
    try:
        writer.write(head)
        async with asyncio.timeout(10):
            answer = await reader.read()
    finally:
        writer.close()
    top, _, text = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in top.lower():
        text = text.split(b"\r\n", 1)[1].rsplit(b"\r\n0\r\n", 1)[0]
    return Got(int(top.split(b" ", 2)[1]), json.loads(text) if text.startswith(b"{") else {})


def ada(**more: str) -> Headers:
    said = {"user": "sub-ada", "email": "ada@example.org", "preferred-username": "Ada", "groups": "staff,team"} | more
    return [(f"X-Forwarded-{name}", value) for name, value in said.items() if value]


def principal(*claims: tuple[str, str], auth_typ: str = "aad", **more: Any) -> str:
    said = {"auth_typ": auth_typ, "claims": [{"typ": typ, "val": val} for typ, val in claims], **more}
    return base64.b64encode(json.dumps(said).encode()).decode()


async def person_of(served: Served, peer: str, headers: Headers) -> dict[str, Any]:
    got = await ask(served, peer, headers)
    assert got.status == 200, got
    return got.body["person"]


async def test_each_kind_of_proxy_says_who_it_is(served: Served) -> None:
    first = await person_of(served, FRONT, ada())
    assert (first["name"], first["is_signed_in"], first["is_operator"]) == ("Ada", True, False)
    assert (await person_of(served, FRONT, ada()))["id"] == first["id"]
    assert (await person_of(served, FRONT, ada(user="sub-eve", email="eve@example.org")))["id"] != first["id"]
    assert (await person_of(served, FRONT, ada(groups="operators")))["is_operator"]
    assert not (await person_of(served, FRONT, ada()))["is_operator"], "with the next request that is over"

    behind = [("X-Auth-Request-User", "sub-ada"), ("X-Auth-Request-Groups", "staff")]
    other = await person_of(served, NGINX, behind)
    assert other["id"] != first["id"], "another proxy's subject is another person"
    assert (await ask(served, NGINX, behind[:1])).status == 403, "in no group that is let in"

    azure = [("X-MS-CLIENT-PRINCIPAL", principal((OID, "o-1"), ("name", "Ada"), ("groups", "g-1")))]
    google = [("X-MS-CLIENT-PRINCIPAL", principal(("sub", "o-1"), auth_typ="google"))]
    by_entra, by_google = await person_of(served, AZURE, azure), await person_of(served, AZURE, google)
    assert by_entra["name"] == "Ada"
    assert by_entra["id"] != by_google["id"], "the same id at another sign-in is another person"

    token = served.access.token(aud=["tag"], email="ada@access.example", sid=None, custom={"groups": ["team"]})
    by_access = await person_of(served, ACCESS, [("Cf-Access-Jwt-Assertion", token)])
    assert by_access["name"] == "ada@access.example"


@pytest.mark.parametrize(
    "headers",
    [
        ada(),
        [("X-Forwarded-User", "sub-ada")],
        [("x-forwarded-email", "ada@example.org")],
        [("X_Forwarded_User", "sub-ada")],
        [("X-Auth-Request-User", "sub-ada")],
        [("X-MS-CLIENT-PRINCIPAL", principal((OID, "o-1")))],
        [("Cf-Access-Jwt-Assertion", "a.b.c")],
        [("X-Forwarded-User", "sub-ada"), ("X-Forwarded-For", FRONT)],
        [("X-Forwarded-User", "sub-ada"), ("Forwarded", f"for={FRONT}")],
        [("X-Forwarded-User", "sub-ada"), ("Authorization", "Bearer hb-none")],
    ],
)
@pytest.mark.parametrize("path", ["/api/me", "/api/chats", "/", "/api/health", "/v1/models", "/nothing"])
async def test_from_an_address_that_is_no_proxy_they_are_refused(served: Served, headers: Headers, path: str) -> None:
    got = await ask(served, NOBODY, headers, path)
    assert got.status == 403
    assert "not_from_a_proxy" in json.dumps(got.body)
    assert NOBODY not in json.dumps(got.body), "the address is for the log"


async def test_without_such_headers_everybody_has_to_sign_in(served: Served) -> None:
    for peer in (NOBODY, FRONT, ACCESS):
        for headers in ((), [("X-Forwarded-User", "")], [("X-Forwarded-For", "10.0.0.1")]):
            got = await ask(served, peer, headers)
            assert (got.status, got.code) == (401, "not_signed_in"), (peer, headers)
    got = await ask(served, FRONT, [("X-Auth-Request-User", "sub-ada")])
    assert got.status == 401, "headers of another kind of proxy say nothing"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([*ada(), ("X-Forwarded-User", "sub-eve")], 400),
        ([*ada(), ("X-Forwarded-Groups", "operators")], 400),
        ([*ada(), ("X_Forwarded_Groups", "operators")], 400),
        ([*ada(), ("x-forwarded_user", "sub-eve")], 400),
        (ada(user=""), 400),
        (ada(user="x" * 257), 400),
        (ada(email="x" * 300), 400),
        ([("X-Forwarded-User", b"\xff\xfe")], 400),
        ([("X-Forwarded-User", "a\u2028b")], 400),
        (ada(groups=",".join(str(n) for n in range(1001))), 400),
        (ada(groups="x" * 257), 400),
        (ada(groups=",".join(str(n) for n in range(1000))), 200),
        (ada(groups=", ,staff,"), 200),
        (ada(user="Jürgen@example.org", email=""), 200),
    ],
)
async def test_what_a_proxy_does_not_say_clearly_is_refused(served: Served, headers: Headers, status: int) -> None:
    got = await ask(served, FRONT, headers)
    assert got.status == status, got
    if status == 400:
        assert got.code == "unclear_identity"


@pytest.mark.parametrize(
    "value",
    [
        "not base64!",
        base64.b64encode(b"not JSON").decode(),
        base64.b64encode(b'{"auth_typ": "aad", "claims": ["x"]}').decode(),
        base64.b64encode(b"[" * 20_000).decode(),
        principal(),
        principal(("name", "Ada")),
        principal((OID, "")),
        principal((OID, "x" * 300)),
        principal((OID, "o-1"), *(("groups", str(n)) for n in range(1001))),
        principal((OID, "o-1"), auth_typ=""),
    ],
)
async def test_a_principal_that_names_nobody_is_refused(served: Served, value: str) -> None:
    got = await ask(served, AZURE, [("X-MS-CLIENT-PRINCIPAL", value)])
    assert (got.status, got.code) in ((400, "unclear_identity"), (431, "None")), got


async def test_a_principal_and_its_id_have_to_agree(served: Served) -> None:
    value = ("X-MS-CLIENT-PRINCIPAL", principal((OID, "o-1")))
    assert (await ask(served, AZURE, [value, ("X-MS-CLIENT-PRINCIPAL-ID", "o-1")])).status == 200
    assert (await ask(served, AZURE, [value, ("X-MS-CLIENT-PRINCIPAL-ID", "o-2")])).status == 400
    assert (await ask(served, AZURE, [("X-MS-CLIENT-PRINCIPAL-ID", "o-1")])).status == 400


async def test_a_token_of_the_proxy_is_checked(served: Served) -> None:
    good: dict[str, Any] = {"aud": ["tag"], "email": "eve@access.example", "sub": "eve", "sid": None}
    access = served.access
    for bad in ({"aud": ["other"]}, {"iss": "https://other.example"}, {"exp": 1}, {"sub": ""}, {"nonce": "n"}):
        got = await ask(served, ACCESS, [("Cf-Access-Jwt-Assertion", access.token(**(good | bad)))])
        assert (got.status, got.code) == (401, "token_refused"), bad
    signed = access.token(**good).rpartition(".")[0]
    assert (await ask(served, ACCESS, [("Cf-Access-Jwt-Assertion", f"{signed}.AAAA")])).status == 401
    email = ("Cf-Access-Authenticated-User-Email", "root@example.org")
    assert (await ask(served, ACCESS, [email])).status == 400, "the address alone is nobody's word"
    access.key = new_key("two")
    access.shown = [access.key]
    assert (await ask(served, ACCESS, [("Cf-Access-Jwt-Assertion", access.token(**good)), email])).status == 200


async def test_a_trailer_is_no_header(served: Served) -> None:
    body, trailer = b'{"query": "leave"}', "X-Forwarded-User: sub-ada\r\n"
    for peer in (NOBODY, FRONT):
        got = await ask(served, peer, [("Trailer", "X-Forwarded-User")], "/api/search", body=body, trailer=trailer)
        assert got.status == 401, peer
    got = await ask(served, FRONT, ada(), "/api/search", body=body, trailer="X-Forwarded-User: sub-eve\r\n")
    assert got.status == 200


async def test_one_request_is_nobodys_on_the_same_connection_as_somebodys(served: Served) -> None:
    host, _, port = served.server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=(FRONT, 0))
    try:
        for headers, wanted in ((ada(), b"200"), ((), b"401"), (ada(), b"200")):
            lines = [f"{name}: {value}" for name, value in headers]  # type: ignore[str-bytes-safe]
            writer.write("\r\n".join([f"GET /api/chats HTTP/1.1\r\nHost: {host}:{port}", *lines, "", ""]).encode())
            async with patience():
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.split(b" ")[1] == wanted
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                await reader.readexactly(int(length.partition(b":")[2]))
    finally:
        writer.close()


async def test_they_sign_out_where_they_signed_in(served: Served) -> None:
    got = await ask(served, FRONT, ada(), "/api/sign-out", body=b"{}")
    assert got.body == {"address": "/oauth2/sign_out"}
    got = await ask(served, FRONT, ada(), "/api/me/account")
    assert (got.status, got.body["provider"], got.body["email"]) == (200, "front", "ada@example.org")
    assert (await ask(served, FRONT, ada(), "/api/sign-ins")).body == {"sign_ins": []}


async def test_a_disabled_person_is_out_in_open_streams_too(served: Served) -> None:
    root = [("X-Forwarded-User", "sub-root"), ("X-Forwarded-Groups", "operators")]
    eve = ada(user="sub-mallory", email="mallory@example.org")
    person = await person_of(served, FRONT, eve)
    asked = await ask(served, FRONT, eve, "/api/questions", body=b'{"text": "Speak for long."}')
    answer_path = f"/api/answers/{asked.body['answer']['id']}/events"
    host, _, port = served.server.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=(FRONT, 0))
    try:
        lines = "".join(f"{name}: {value}\r\n" for name, value in eve)  # type: ignore[str-bytes-safe]
        writer.write(f"GET {answer_path} HTTP/1.1\r\nHost: {host}:{port}\r\n{lines}\r\n".encode())
        async with patience():
            head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0]
        path, body = f"/api/people/{person['id']}", b'{"is_active": false}'
        assert (await ask(served, FRONT, eve, path, method="PATCH", body=body)).status == 404
        assert (await ask(served, FRONT, root, path, method="PATCH", body=body)).status == 200
        async with patience():
            rest = await reader.readuntil(b"not_signed_in")
        assert rest
    finally:
        writer.close()
    assert (await ask(served, FRONT, eve)).status == 403


def faults(quotas: dict[str, Any] | None = None, **identity: Any) -> str:
    return "\n".join(identity_faults(Settings(identity=identity, quotas={"groups": quotas or {}})))  # type: ignore[arg-type]


async def test_what_could_be_taken_for_another_is_a_fault_of_the_settings() -> None:
    front = {"kind": "oauth2-proxy", "addresses": ["10.0.0.0/8"]}
    house = {"house": {"issuer": "https://a.example", "client_id": "x"}}
    bound = ["5 questions per day"]
    assert faults(proxies={"front": front}, oidc=house, quotas={"house/team": bound}) == ""
    with pytest.raises(ValueError, match="must not be everybody's"):
        faults(proxies={"front": front | {"addresses": ["10.0.0.7", "::/0"]}})
    with pytest.raises(ValueError, match="issuer and audiences are needed"):
        faults(proxies={"front": front | {"kind": "cloudflare-access"}})
    within = front | {"addresses": ["10.1.2.3"]}
    assert "is of identity.proxies.front" in faults(proxies={"front": front, "other": within})
    assert "there is an identity.oidc.house" in faults(proxies={"house": front}, oidc=house)
    assert "'accounts' is the name" in faults(proxies={"accounts": front})
    assert "'house/team'" in faults(oidc=house, quotas={"team": bound}).replace("NAME", "team")
    assert faults(quotas={"team": bound}) == "", "groups of an application around it are called what it calls them"
