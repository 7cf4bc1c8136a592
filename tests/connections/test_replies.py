"""A reply is read to its end and no further, and what is none is told, however its bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz.checks import Read, read
from hubbub.connections.replies import HEAD_BYTES

NO_HTTP = "it does not answer in HTTP as it should"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def read_in(data: bytes, size: int) -> Read:
    return read([data[start : start + size] for start in range(0, len(data), size)])


@given(
    st.lists(st.binary(min_size=1, max_size=20), max_size=5), st.integers(1, 50), st.sampled_from([b"", b"X: y\r\n"])
)
def test_a_body_is_the_same_however_it_comes(parts: list[bytes], size: int, trailer: bytes) -> None:
    body = b"".join(parts)
    chunks = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in parts)
    for reply in (
        CHUNKED + chunks + b"0\r\n" + trailer + b"\r\n",
        OK + b"Content-Length: %d\r\n\r\n" % len(body) + body,
        b"HTTP/1.0 200 OK\r\n\r\n" + body,
        b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + OK + b"Content-Length: %d\r\n\r\n" % len(body) + body,
    ):
        found = read_in(reply, size)
        assert (found.status, found.body, found.is_complete, found.fault) == (200, body, True, None)
        assert "x" not in found.headers  # neither of what came before, nor of what stands behind the body


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    "behind", [b"HTTP/1.1 500 No\r\nX: y\r\nContent-Length: 3\r\n\r\nabc", b"HT", b"nonsense", b"\r\n\r\n", b"\xff"]
)
def test_what_stands_behind_a_reply_is_none_of_it(behind: bytes, size: int) -> None:
    for connection in (b"", b"Connection: close\r\n"):
        found = read_in(OK + connection + b"Content-Length: 2\r\n\r\nok" + behind, size)
        assert (found.status, found.body, found.is_complete, found.fault) == (200, b"ok", True, None)
        assert "x" not in found.headers


FAULTS = {
    "another protocol": (b"SSH-2.0-OpenSSH\r\n", NO_HTTP),
    "an upgrade": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nxyz", NO_HTTP),
    "two lengths": (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", NO_HTTP),
    "a chunk of no size": (CHUNKED + b"what?\r\n", NO_HTTP),
    "no reply": (b"", "it closed the connection without a reply"),
    "half a head": (OK + b"Content-", "it closed the connection without a reply"),
    "half a body": (OK + b"Content-Length: 3\r\n\r\nab", "it closed the connection in the middle"),
    "half a chunk": (CHUNKED + b"5\r\nab", "it closed the connection in the middle"),
    "no last chunk, in other letters": (
        OK + b"Transfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n",
        "it closed the connection in the middle",
    ),
}


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(("data", "fault"), FAULTS.values(), ids=FAULTS)
def test_what_is_no_reply_is_told(data: bytes, fault: str, size: int) -> None:
    found = read_in(data, size)
    assert (found.is_complete, found.fault) == (False, fault)


ENDLESS = {
    "a header": (OK + b"X: ", b"x"),
    "headers": (OK, b"X: y\r\n"),
    "a trailer": (CHUNKED + b"2\r\nab\r\n0\r\nX: ", b"x"),
    "a chunk's extension": (CHUNKED + b"2;x=", b"x"),
    "replies that say to wait": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize(("begin", "rest"), ENDLESS.values(), ids=ENDLESS)
def test_nothing_but_a_body_goes_on_without_end(begin: bytes, rest: bytes) -> None:
    pieces = [begin, *[rest * (1000 // len(rest))] * 10_000]
    found = read(pieces)
    assert not found.is_complete
    assert found.fault == f"its head is over {HEAD_BYTES:,} bytes"
