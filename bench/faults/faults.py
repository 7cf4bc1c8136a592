"""List what model servers do wrong, and what is meant to come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal, TypeAlias

from tests.servers.fault_proxy import Plan
from tests.servers.model_server import Script, event

Outcome: TypeAlias = Literal["unseen", "told", "ended", "refused", "quoted", "spliced"]
"""unseen: a whole text, as if nothing had been · told: an error after a true beginning of the text · ended: it is over
for a reason of the model's, which is recorded · refused: an error, and no text · quoted: made of quotes instead ·
spliced: a text that no deployment has said."""
Certificate: TypeAlias = Literal["good", "expired", "stranger", "unknown"]

SAID = ("faulty", *(f" faulty{number}" for number in range(1, 8)))
WELL = ("well", *(f" well{number}" for number in range(1, 8)))
"""What the faulty deployment says, as far as it gets, and what the other one does: no splice looks like either."""
FAULTY_TEXT, WELL_TEXT = "".join(SAID), "".join(WELL)
BETWEEN_SECONDS = 0.005
MEGABYTE = 1024 * 1024


SOUND = Script()


@dataclass(frozen=True)
class Variant:
    """One way to fail."""

    name: str
    script: Script = SOUND
    meant: Outcome = "unseen"
    says: str = FAULTY_TEXT
    """What it says if it gets to the end: a person may see a beginning of it."""
    finish_reason: str = "stop"
    code: str = ""
    """Of the error, where it is refused."""
    host: str = ""
    """A name that `NameServer` knows; empty: the address itself."""
    certificate: Certificate | None = None
    is_secure: bool = False
    """Whether it is asked over TLS: with a certificate in any case."""
    plan: Plan | None = None
    """What a proxy before it does."""
    is_closed: bool = False
    """Whether nobody listens there."""
    is_all: bool = False
    """Whether the other deployment fails in the same way; what was asked before both were down is not counted."""
    has_documents: bool = False
    within_seconds: float | None = None

    def __str__(self) -> str:
        return self.name


def _said(count: int, **more: object) -> Script:
    return Script(tokens=SAID[:count], seconds_between=BETWEEN_SECONDS, **more)  # type: ignore[arg-type]


def _mid(name: str, count: int = 3, **more: object) -> Variant:
    """Return a variant that fails after so many tokens."""
    return Variant(f"{name}, after {count} tokens", _said(count, **more), "told")


def _raw(*pieces: bytes, **more: object) -> Script:
    return Script(raw=pieces, seconds_between=BETWEEN_SECONDS, **more)  # type: ignore[arg-type]


def _whole(*pieces: bytes) -> Script:
    return _raw(*pieces, event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]), b"data: [DONE]\n\n")


def _wire(head: str, body: bytes = b"", **more: object) -> Script:
    return Script(wire=head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body, **more)  # type: ignore[arg-type]


def _from_now(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
_ONE = event(SAID[0])
_ALL = tuple(event(token) for token in SAID)
_PING = b": ping\n\n"
_ROLE = event(choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
_FAULT = event(error={"message": "CUDA error: device-side assert triggered", "type": "server_error", "code": 500})
_CHUNKED = "HTTP/1.1 200 OK\nContent-Type: text/event-stream\nTransfer-Encoding: chunked"
_WHOLE = "HTTP/1.1 200 OK\nContent-Type: application/json"
_ENDLESS = "x" * 5 * MEGABYTE


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _busy() -> Sequence[Variant]:
    headers: Mapping[str, Mapping[str, str]] = {
        "no header": {},
        "7": {"Retry-After": "7"},
        "0": {"Retry-After": "0"},
        "-1": {"Retry-After": "-1"},
        "nonsense": {"Retry-After": "soon, I promise"},
        "empty": {"Retry-After": ""},
        "a date": {"Retry-After": _from_now(30)},
        "a date that is over": {"Retry-After": _from_now(-30)},
        "a date without a zone": {"Retry-After": "Wed, 01 Jan 2200 00:00:00"},
        "6m0s": {"Retry-After": "6m0s"},
        "huge": {"Retry-After": "9" * 300},
        "1e9": {"Retry-After": "1e9"},
        "retry-after-ms": {"retry-after-ms": "1500"},
        "x-ratelimit-reset 6m0s": {"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0"},
        "x-ratelimit-reset -1": {"x-ratelimit-reset-tokens": "-1", "x-ratelimit-remaining-tokens": "-1"},
        "x-ratelimit-reset 20ms": {"x-ratelimit-reset-tokens": "20ms", "x-ratelimit-remaining-tokens": "x"},
    }
    body = b'{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}'
    variants = [Variant(f"429, {name}", Script(status=429, headers=one, body=body)) for name, one in headers.items()]
    stalled = _wire(
        "HTTP/1.1 429 Too Many Requests\nRetry-After: 7\nContent-Length: 100", b'{"er', stall_before="tokens"
    )
    return [*variants, Variant("429 whose body never comes", stalled)]


def _broken() -> Sequence[Variant]:
    page = {"Content-Type": "text/html"}
    pages = [Variant(f"{code}, HTML", Script(status=code, headers=page, body=_PAGE)) for code in (500, 502, 503, 529)]
    return [
        *pages,
        Variant("500 without a body", Script(status=500)),
        Variant("503, JSON", Script(status=503, headers={"Retry-After": "5"}, body=b'{"error":"loading model"}')),
        Variant("500 that breaks off", _wire("HTTP/1.1 500 Oh\nContent-Length: 100", b'{"er')),
        Variant("500 that never ends", _wire("HTTP/1.1 500 Oh", b"<html>", endless=b"x" * 50_000)),
        Variant("401", Script(status=401, body=b'{"error":{"message":"Incorrect API key"}}')),
        Variant("404", Script(status=404, body=b'{"error":{"message":"no such model"}}')),
        Variant("redirect", Script(status=307, headers={"Location": "http://127.0.0.1:1/"}, body=b"")),
        Variant("a page under 200", Script(status=200, headers=page, body=_PAGE)),
    ]


def _reset() -> Sequence[Variant]:
    return [
        Variant("nobody listens", is_closed=True),
        Variant("RST before the head", Script(reset_before="headers")),
        Variant("RST before the first token", Script(reset_before="first_token")),
        Variant("RST in the head", _wire("HTTP/1.1 200 OK\nContent-", reset_before="tokens")),
        Variant("FIN before the head", Script(wire=b"")),
        Variant("FIN in the head", Script(wire=b"HTTP/1.1 200 OK\r\nContent-Le")),
        Variant("FIN before the first token", _wire(_CHUNKED)),
        Variant("FIN in the first token", _wire(_CHUNKED, b"80\r\n" + _ONE[:40])),
        _mid("RST", 1, reset_before="tokens"),
        _mid("RST", 7, reset_before="tokens"),
        _mid("end without a reason", 3, ends_early=True),
        Variant("FIN in mid-stream", _wire(_CHUNKED, _chunk(_ONE) + b"80\r\ndata: {"), "told"),
    ]


def _mute() -> Sequence[Variant]:
    return [
        Variant("accepts, says nothing", Script(stall_before="headers")),
        Variant("half a head", Script(wire=b"HTTP/1.1 200 O", stall_before="tokens")),
        Variant("a head and nothing more", Script(stall_before="first_token")),
        Variant("comments alone", _raw(_PING, endless=_PING)),
        Variant("chunks without a word", _raw(_ROLE, endless=event(choices=[]))),
        Variant("a whole answer that never comes", _wire(f"{_WHOLE}\nContent-Length: 9", stall_before="tokens")),
        Variant("reads nothing", plan=Plan("black_hole")),
    ]


def _stalled() -> Sequence[Variant]:
    return [
        _mid("silence", 1, stall_before="tokens"),
        _mid("silence", 4, stall_before="tokens"),
        _mid("silence", 7, stall_before="tokens"),
        Variant("silence in an event", _raw(*_ALL[:3], _ONE[:50], stall_before="tokens"), "told"),
        Variant("silence in a character", _raw(_ONE, event("wö").split(b"\xb6")[0], stall_before="tokens"), "told"),
        Variant("silence behind the finish reason", replace_end(_whole(*_ALL))),
    ]


def replace_end(script: Script) -> Script:
    """Return a script that says all but that nothing follows, and then falls silent."""
    pieces = script.raw or ()
    return _raw(*pieces[:-1], stall_before="tokens")


def _trickled() -> Sequence[Variant]:
    stream = b"".join(_ALL)
    single = tuple(stream[place : place + 1] for place in range(len(stream)))
    end = event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
    slowly = Script(raw=single, seconds_between=0.02)
    return [
        Variant("a byte at a time, quickly", Script(raw=(*single, end), seconds_between=0.0)),
        Variant("a byte at a time, slowly", slowly),
        Variant("a byte at a time, slowly, after a token", _raw(_ONE, endless=b"d"), "told"),
        Variant("comments for ever, after 3 tokens", _raw(*_ALL[:3], endless=_PING), "told"),
        Variant("tokens for ever", Script(raw=[], endless=event("x"), seconds_between=0.05), "told", says=_ENDLESS),
        Variant("sound, but past the time", Script(raw=[], endless=event("x"), seconds_between=0.05), "ended", _ENDLESS,
                "deadline", within_seconds=1.5),
        Variant("a byte of TCP at a time", _whole(*_ALL), plan=Plan("trickle", step_bytes=1, pause_seconds=0.0)),
        Variant("a byte of TCP at a time, slowly", _whole(*_ALL), plan=Plan("trickle", pause_seconds=0.05)),
        Variant("a request that trickles", _whole(*_ALL), plan=Plan("trickle", "to_server", pause_seconds=0.05)),
    ]  # fmt: skip


def _garbled() -> Sequence[Variant]:
    text = "wö🎈"
    cut = event(text)
    half = json_event('"w \\ud83c"'), json_event('"\\udf88"')
    raw_half = event("ö🎈").replace("🎈".encode(), b"\xf0\x9f"), event("?").replace(b"?", b"\x8e\x88")
    reply = _chunk(b"".join(_ALL)) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    mixed = (event("a ").replace(b"\n\n", b"\r\r"), event("b").replace(b"\n\n", b"\r\n\n"), b"\xef\xbb\xbf")
    return [
        Variant("bad UTF-8", _whole(event("a?b").replace(b"?", b"\xff\xc3")), says="a\ufffd\ufffdb"),
        Variant("characters cut between reads", _whole(*(cut[at : at + 1] for at in range(len(cut)))), says=text),
        Variant("surrogates cut between events", _whole(*half), says="w 🎈"),
        Variant("bytes cut between events", _whole(*raw_half), says="ö🎈"),
        Variant("a surrogate alone", _whole(json_event('"a\\ud83cb"')), says="a\ufffdb"),
        Variant("CR, LF and CRLF", _whole(*mixed[:2]), says="a b"),
        Variant("a byte order mark", _whole(mixed[2], *_ALL)),
        Variant("comments between", _whole(*(piece for one in _ALL for piece in (_PING, one)))),
        Variant("data without a space", _whole(*(one.replace(b"data: ", b"data:") for one in _ALL))),
        Variant("no [DONE]", _said(8, has_done=False)),
        Variant("only [DONE]", _said(8, finish_reason=None)),
        Variant("counts that are none", _whole(*_ALL, event(choices=[], usage={"prompt_tokens": 7.5}))),
        Variant("bad JSON", _raw(b"data: {nonsense\n\n")),
        Variant("JSON of another kind", _raw(b'data: {"choices": "none"}\n\n')),
        Variant("a million brackets", _raw(b"data: " + b"[" * 900_000 + b"\n\n")),
        Variant("an error in a 200", _raw(_FAULT)),
        Variant("an error as text in a 200", _raw(event(error="overloaded"))),
        Variant("an error in a 200, whole", Script(body=b'{"error":{"message":"overloaded"}}')),
        Variant("not HTTP", Script(wire=b"SSH-2.0-OpenSSH_9.2\r\n", stall_before="tokens")),
        Variant("another protocol", _wire("HTTP/1.1 101 Switching Protocols\nUpgrade: h2c\nConnection: upgrade")),
        Variant("chunks of no size", _wire(_CHUNKED, b"nonsense\r\n")),
        Variant("two lengths", _wire("HTTP/1.1 200 OK\nContent-Length: 3\nContent-Length: 4", b"abcd")),
        Variant("compressed", _raw(b"\x1f\x8b\x08\x00\x00\x00\x00\x00", headers={"Content-Encoding": "gzip"})),
        Variant("bad JSON, after 3 tokens", _raw(*_ALL[:3], b"data: {nonsense\n\n"), "told"),
        Variant("an error in a 200, after 3 tokens", _raw(*_ALL[:3], _FAULT), "told"),
        Variant("chunks of no size, after a token", _wire(_CHUNKED, _chunk(_ONE) + b"nonsense\r\n"), "told"),
        Variant(
            "a second reply behind the first",
            _wire(_CHUNKED, reply + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
        ),
    ]


def json_event(content: str) -> bytes:
    """Return an event whose text is this JSON, escapes included."""
    return b'data: {"choices":[{"index":0,"delta":{"content":' + content.encode() + b"}}]}\n\n"


def _huge() -> Sequence[Variant]:
    megabytes = [b"x" * MEGABYTE] * 50
    return [
        Variant("an event of 50 MB", Script(raw=[b"data: ", *megabytes, b"\n\n"])),
        Variant("an event of 50 MB in lines", Script(raw=[b"data: x\n" * 60_000] * 110)),
        Variant("an endless line", Script(raw=[], endless=b"x" * 50_000)),
        Variant("an endless line, after 3 tokens", _raw(*_ALL[:3], endless=b"x" * 50_000), "told"),
        Variant("an event of 50 MB, after 3 tokens", _raw(*_ALL[:3], b"data: ", *megabytes), "told"),
        Variant("an endless answer", Script(raw=[], endless=event("x" * 200_000)), "told", says=_ENDLESS),
        Variant("an endless whole answer", _wire(_WHOLE, b'{"choices":[', endless=b" " * 50_000)),
        Variant("an endless header", Script(wire=b"HTTP/1.1 200 OK\r\nX: ", endless=b"x" * 50_000)),
        Variant("headers without end", Script(wire=b"HTTP/1.1 200 OK\r\n", endless=b"X: y\r\n" * 5000)),
        Variant("an endless trailer", _wire(_CHUNKED, b"0\r\nX: ", endless=b"x" * 50_000)),
        Variant("an endless size of a chunk", _wire(_CHUNKED, b"1;x=", endless=b"x" * 50_000)),
        Variant("100 Continue without end", Script(wire=b"", endless=b"HTTP/1.1 100 Continue\r\n\r\n" * 2000)),
    ]


def _names() -> Sequence[Variant]:
    sound = _whole(*_ALL)
    names = {"nxdomain": "NXDOMAIN", "servfail": "SERVFAIL", "silent": "no reply", "empty": "no address"}
    return [
        *(Variant(f"name: {said}", sound, host=f"{label}.test") for label, said in names.items()),
        Variant("name: a late reply", sound, host="late.test"),
        Variant("name: too long a label", sound, host="x" * 70 + ".test"),
        Variant("name: an empty label", sound, host="well..test"),
        Variant("name: nobody listens there", sound, host="well.test", is_closed=True),
    ]


def _tls() -> Sequence[Variant]:
    sound = _whole(*_ALL)
    seen = Plan("pass")  # the server itself learns nothing of a connection whose certificate isn't trusted
    return [
        Variant("certificate expired", sound, certificate="expired", plan=seen),
        Variant("certificate of another host", sound, certificate="stranger", plan=seen),
        Variant("certificate of nobody known", sound, certificate="unknown", plan=seen),
        Variant("no TLS at all", sound, is_secure=True),
        Variant("TLS that never answers", sound, certificate="good", plan=Plan("black_hole")),
        Variant("TLS that stalls", sound, certificate="good", plan=Plan("stall", after_bytes=200)),
        Variant("TLS that is reset", sound, certificate="good", plan=Plan("reset", after_bytes=200)),
        Variant("TLS that is closed", sound, certificate="good", plan=Plan("close", after_bytes=200)),
        Variant("TLS, RST after 3 tokens", _said(3, reset_before="tokens"), "told", certificate="good"),
        Variant("TLS, silence after 3 tokens", _said(3, stall_before="tokens"), "told", certificate="good"),
        Variant("TLS, all is well", sound, certificate="good"),
    ]


def _all_cooling() -> Sequence[Variant]:
    busy = Script(status=429, headers={"Retry-After": "30"}, body=b"{}")
    ill = Script(status=500, body=_PAGE)
    return [
        Variant("all are busy", busy, "refused", code="model_busy", is_all=True),
        Variant("all are busy, over documents", busy, "quoted", is_all=True, has_documents=True),
        Variant("all are ill", ill, "refused", code="all_busy", is_all=True),
        Variant("all are ill, over documents", ill, "quoted", is_all=True, has_documents=True),
    ]


def _endings() -> Sequence[Variant]:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    calls = event(choices=[{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}])
    filtered = b'{"error":{"message":"filtered","code":"content_filter"}}'
    too_long = b'{"error":{"message":"too long","code":"context_length_exceeded"}}'
    said = "".join(SAID[:3])
    return [
        Variant("content filter", _said(3, finish_reason="content_filter"), "ended", said, "content_filter"),
        Variant("content filter, of the prompt", Script(status=400, body=filtered), "ended", "", "content_filter"),
        Variant("length", _said(3, finish_reason="length"), "ended", said, "length"),
        Variant("a tool is called", _raw(calls, b"data: [DONE]\n\n"), "ended", "", "tool_calls"),
        Variant("an empty answer", _said(0), "ended", ""),
        Variant("a reason that nobody knows", _said(3, finish_reason="network_error"), "told"),
        Variant("the prompt is too long", Script(status=400, body=too_long), "refused", code="context_too_long"),
        Variant("a bad request", Script(status=422, body=b'{"detail":"bad field"}'), "refused", code="not_accepted"),
    ]  # fmt: skip


FAULTS: Mapping[str, tuple[str, Sequence[Variant]]] = {
    "U1": ("429, with every header", _busy()),
    "U2": ("500 … 529, HTML", _broken()),
    "U3": ("RST and FIN", _reset()),
    "U4": ("accepts, says nothing", _mute()),
    "U5": ("stalls after k tokens", _stalled()),
    "U6": ("trickles", _trickled()),
    "U7": ("bad bytes", _garbled()),
    "U8": ("50 MB, endless", _huge()),
    "U9": ("names", _names()),
    "U10": ("certificates and TLS", _tls()),
    "U11": ("all are cooling", _all_cooling()),
    "U12": ("how models end", _endings()),
}
"""By number: a title, and the ways in which it happens."""
