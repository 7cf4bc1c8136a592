"""Give a fuzzer something to begin with: what servers really send."""

from collections.abc import Iterator, Mapping
from itertools import product

EVENTS = (
    b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"content":"w\xc3\xb6rld \xf0\x9f\x8e\x88 \\ud83c\\udf88"}}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":4}}\n\n'
    b"data: [DONE]\n\n",
    b'data: {"choices":[{"delta":{"content":"half \\ud83c"}}]}\n\n'
    b'data: {"choices":[{"delta":{"content":"\\udf88"}}]}\n\n',
    b'data: {"choices":[{"delta":{"content":"\xf0\x9f"}}]}\n\ndata: {"choices":[{"delta":{"content":"\x8e\x88"}}]}\n\n',
    b'data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\r\n\r\n'
    b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}\r\r'
    b'data: {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":{"a":1}}}]},"finish_reason":"length"}]}\n\n',
    b'\xef\xbb\xbf: hi\n\nevent: x\rdata:two\rdata: lines\r\rid: 7\n\ndata: {"error":{"message":"no","code":500}}\n\n',
    b'data: {"object":"error","message":"no","code":400}\n\ndata: {nonsense\n\ndata\n\ndata:\n\n',
    b"data: " + b"x" * 400,
    b'{"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3.5}}',
    b'{"error":"no"}',
    b'{"detail":[{"msg":"\xff"}]}',
    b"<html>no</html>",
)
HEADS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 No\r\nRetry-After: 6m0s\r\nConnection: keep-alive\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
)

REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET /b?c HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 150 + b"0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 100,
    b"POST / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n"
    b"Content-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"GET / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\nxGET / HTTP/1.0\r\n\r\n",
    b"\r\n" * 300,
    b"CONNECT a:1 HTTP/1.1\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)


def seeds() -> Mapping[str, list[bytes]]:
    """Return what each check begins with."""
    streams = [bytes(4) + events for events in EVENTS]
    replies = [bytes(4) + reply for reply in _replies()]
    return {
        "events": streams,
        "texts": streams,
        "refusals": list(EVENTS),
        "replies": replies,
        "all": replies,
        "requests": [bytes(4) + request for request in REQUESTS],
    }


def _replies() -> Iterator[bytes]:
    for head, body in product(HEADS, EVENTS):
        if b"chunked" in head:
            half = len(body) // 2
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]))
            yield head + chunks + b"0\r\nTrailer: x\r\n\r\n"
        else:
            yield head.replace(b"%d", b"%d" % len(body)) + body
            yield (head.replace(b"%d", b"%d" % len(body)) + body) * 2
