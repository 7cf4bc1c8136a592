/** Split a stream of server-sent events into the events (WHATWG HTML, section 9.2.6). */

export interface ServerSentEvent {
  id: string | null;
  name: string;
  data: string;
}

/** A function that takes the next piece of the stream, cut anywhere, and returns the events that it completes. */
export function serverSentEvents(): (piece: string) => ServerSentEvent[] {
  let rest = "";
  let id: string | null = null;
  let name = "";
  let data: string[] = [];

  return (piece) => {
    const events: ServerSentEvent[] = [];
    rest += piece;
    // A lone CR at the end may be the first half of a CR LF that was cut in two.
    const isCut = rest.endsWith("\r");
    const lines = (isCut ? rest.slice(0, -1) : rest).split(/\r\n|\r|\n/);
    rest = (lines.pop() ?? "") + (isCut ? "\r" : "");
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) events.push({ id, name, data: data.join("\n") });
        id = null;
        name = "";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue; // a comment
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(value);
      else if (field === "event") name = value;
      else if (field === "id") id = value;
    }
    return events;
  };
}
