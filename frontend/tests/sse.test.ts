import { expect, test } from "vitest";
import { serverSentEvents } from "../src/api/sse";

const stream = ': ping\n\nid: 1\nevent: text\ndata: {"a":1}\n\nid: 2\r\ndata: one\r\ndata:two\r\n\r\n: ping\n\ndata\n\nid: 3\ndata: cut';
const expected = [
  { id: "1", name: "text", data: '{"a":1}' },
  { id: "2", name: "", data: "one\ntwo" },
  { id: null, name: "", data: "" },
];

test("events are the same however the stream is cut", () => {
  for (let size = 1; size <= stream.length; size++) {
    const split = serverSentEvents();
    const events = [];
    for (let at = 0; at < stream.length; at += size) events.push(...split(stream.slice(at, at + size)));
    expect(events).toEqual(expected);
  }
});
