// Sends all messages each time, and reads the answer line by line: JSON with a piece of it, or with an error.
const list = document.getElementById("messages");
const form = document.getElementById("form");
const question = document.getElementById("question");
const send = document.getElementById("send");
const stop = document.getElementById("stop");

const messages = [];
let leaving = null;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const content = question.value.trim();
  if (!content || leaving) return;
  question.value = "";
  messages.push({ role: "user", content });
  show("user").text.textContent = content;
  await answer(show("assistant"));
  question.focus();
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

stop.addEventListener("click", () => leaving?.abort());

async function answer(place) {
  leaving = new AbortController();
  busy(true);
  const began = performance.now();
  let first = null;
  let content = "";
  let note = "";
  try {
    for await (const line of lines(leaving.signal)) {
      if (line.error) throw new Error(line.error);
      if (!line.delta?.content) continue;
      first ??= performance.now();
      content += line.delta.content;
      place.text.textContent = content;
    }
  } catch (error) {
    note = error.name === "AbortError" ? "stopped; " : `${error.message}; `;
  }
  if (content) messages.push({ role: "assistant", content });
  else messages.pop();
  const words = first ? `first word after ${seconds(first - began)}, ` : "";
  place.note.textContent = `${note}${words}${seconds(performance.now() - began)} in all`;
  leaving = null;
  busy(false);
}

async function* lines(signal) {
  const response = await fetch("chat/stream", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ messages }),
    signal,
  });
  if (!response.ok) throw new Error(`The server answered with status ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const whole = (rest + value).split("\n");
    rest = whole.pop();
    for (const line of whole) if (line.trim()) yield JSON.parse(line);
  }
}

function show(role) {
  const item = document.createElement("li");
  item.className = role;
  const text = item.appendChild(document.createElement("p"));
  const note = item.appendChild(document.createElement("small"));
  list.append(item);
  item.scrollIntoView({ block: "end" });
  return { text, note };
}

function busy(isBusy) {
  send.disabled = isBusy;
  stop.disabled = !isBusy;
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
