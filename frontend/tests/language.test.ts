/** Each language says all that the page says, and the page says nothing beside its catalogues. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "vite";
import { expect, test, vi } from "vitest";
import { words as ar } from "../src/language/ar";
import { words as de } from "../src/language/de";
import { words as es } from "../src/language/es";
import { words as fr } from "../src/language/fr";
import { words as ja } from "../src/language/ja";
import type { Catalogue } from "../src/language/catalogue";
import { words as operatorsAr } from "../src/language/operators/ar";
import { words as operatorsDe } from "../src/language/operators/de";
import { words as operatorsEs } from "../src/language/operators/es";
import { words as operatorsFr } from "../src/language/operators/fr";
import { words as operatorsJa } from "../src/language/operators/ja";
import { LANGUAGES, plural, t, wishedLanguage } from "../src/language/t";

const catalogues: Record<string, Catalogue> = { de, fr, es, ja, ar };
const operators: Record<string, Catalogue> = {
  de: operatorsDe,
  fr: operatorsFr,
  es: operatorsEs,
  ja: operatorsJa,
  ar: operatorsAr,
};

/** Names and signs that are the same in all languages. */
const SAME = /^(Hubbub|API|URL|https:\/\/|Ctrl|Shift|Esc|Enter|Tab|hubbub collections share|sign-in|Edge?|Firefox|Chrome|Safari|Opera)$/;
/** Attributes whose text is seen or heard. */
const SAID = /^(aria-label|aria-description|title|placeholder|alt|label|hint|action|text|legend|all)$/;
/** Pages for operators, whose words are loaded with them. */
const OPERATORS = /^views\/(account\/People\.tsx|operators\/)/;

interface Node {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a tree of another's making
  [key: string]: any;
}

const root = join(process.cwd(), "src");
const files = (readdirSync(root, { recursive: true }) as string[]).filter(
  (name) => /\.tsx?$/.test(name) && (!name.startsWith("language/") || /^language\/(problems|bounds|quotas)\.ts$/.test(name)),
);

function visit(node: unknown, see: (node: Node, parents: readonly Node[]) => void, parents: readonly Node[] = []): void {
  if (Array.isArray(node)) for (const one of node) visit(one, see, parents);
  else if (typeof node === "object" && node !== null && "type" in node) {
    see(node as Node, parents);
    const within = [...parents, node as Node];
    for (const value of Object.values(node)) visit(value, see, within);
  }
}

const programs = files.map((name) => ({ name, program: parseSync(name, readFileSync(join(root, name), "utf8")).program }));
const isCall = (node: Node | undefined, name: RegExp) =>
  node?.type === "CallExpression" && node.callee.type === "Identifier" && name.test(node.callee.name);

/** By its name in catalogues, whether a text has forms for how many there are. */
const said = new Map<string, boolean>();
/** Those that are said to operators alone. */
const toOperators = new Set<string>();
const toAll = new Set<string>();
for (const { name, program } of programs) {
  visit(program, (node) => {
    if (!isCall(node, /^(t|plural)$/)) return;
    const text = node.arguments[node.callee.name === "t" ? 0 : 2];
    expect(typeof text?.value, `${name}: a text that is said stands there word for word`).toBe("string");
    said.set(text.value, node.callee.name === "plural");
    (OPERATORS.test(name) ? toOperators : toAll).add(text.value);
  });
}

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
const has = (text: string) => /\p{L}/u.test(text) && !SAME.test(text.trim());

test.each(Object.keys(LANGUAGES).filter((name) => name !== "en"))("%s is complete, and no text in it is left over", (name) => {
  expect(Object.keys(catalogues[name] ?? {}).sort()).toEqual([...toAll].sort());
  const others = [...toOperators].filter((text) => !toAll.has(text));
  expect(Object.keys(operators[name] ?? {}).sort()).toEqual(others.sort());
});

const all = [...Object.entries(catalogues), ...Object.entries(operators)];
test.each(all)("%s has the placeholders and the forms of each text", (name, words) => {
  const rules = new Intl.PluralRules(name).resolvedOptions().pluralCategories;
  for (const [text, translated] of Object.entries(words)) {
    if (typeof translated === "string") {
      expect(placeholders(translated), text).toEqual(placeholders(text));
      if (said.get(text)) expect(rules, `${text} has one form only`).toEqual(["other"]);
      continue;
    }
    expect(said.get(text), `${text} has forms`).toBe(true);
    expect(translated.other, text).toBeTruthy();
    for (const [rule, form] of Object.entries(translated)) {
      expect(rules, text).toContain(rule);
      // One and two may be said by the word itself.
      const wanted = placeholders(text).filter((one) => one !== "{count}" || form.includes(one));
      expect(placeholders(form), text).toEqual(wanted);
      if (rule !== "one" && rule !== "two" && text.includes("{count}")) expect(form).toContain("{count}");
    }
    if (rules.includes("one")) expect(translated.one, text).toBeTruthy();
    if (rules.includes("few")) expect(translated.few, text).toBeTruthy();
  }
});

test("no text of a component stands outside of the catalogues", () => {
  const outside: string[] = [];
  for (const { name, program } of programs) {
    visit(program, (node, parents) => {
      const parent = parents.at(-1);
      const found = (text: string) => has(text) && outside.push(`${name}: ${text.trim()}`);
      if (node.type === "JSXText") found(node.value);
      if (parents.some((one) => isCall(one, /^(t|plural)$/))) return;
      const attribute = parents.findLast((one) => one.type === "JSXAttribute");
      const isSaid = attribute !== undefined && SAID.test(attribute.name.name);
      const isShown = parent?.type === "JSXExpressionContainer" && attribute === undefined;
      if (node.type === "Literal" && typeof node.value === "string") {
        const isSentence = /^\p{Lu}?\p{Ll}+( \p{L}+)+.*[.?!…:]$/u.test(node.value);
        if (isShown || (isSaid && parent === attribute) || isSentence) found(node.value);
      }
      if (node.type === "TemplateLiteral" && (isShown || isSaid))
        for (const { value } of node.quasis) if (/\p{L}{2}/u.test(value.cooked)) found(value.cooked);
    });
  }
  expect(outside).toEqual([]);
});

test("values stand where they belong, numbers as they are written here", () => {
  expect(t("Page {page} of {last}", { page: 1, last: 1200 })).toBe("Page 1 of 1,200");
  expect(plural(1, "{count} page", "{count} pages")).toBe("1 page");
  expect(plural(3, "{count} page", "{count} pages")).toBe("3 pages");
});

test("the first language that somebody reads and the page speaks is taken", () => {
  expect(wishedLanguage(["nl-NL", "fr-CA", "de"])).toBe("fr");
  expect(wishedLanguage(["nl"])).toBe("en");
  expect(wishedLanguage(["constructor"])).toBe("en");
});

test("what stands in a sentence that is read from right to left is kept apart from it", async () => {
  localStorage.setItem("hubbub.language", "ar");
  vi.resetModules();
  const arabic = await import("../src/language/t");
  localStorage.removeItem("hubbub.language");
  expect(arabic.t("Deleted “{title}”.", { title: "/etc (old)" })).toContain("\u2068/etc (old)\u2069");
  expect(t("Deleted “{title}”.", { title: "/etc (old)" })).toBe("Deleted “/etc (old)”.");
});
