/** The rules of the front end that can be read from its files. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const root = join(process.cwd(), "src");
const files = (readdirSync(root, { recursive: true }) as string[]).filter((name) => /\.(tsx?|css)$/.test(name));
const read = (name: string) => readFileSync(join(root, name), "utf8");
const containing = (pattern: RegExp) => files.filter((name) => pattern.test(read(name)));

const stairs = ["language", "events", "api", "state", "views", "main"];
const stairOf = (name: string) => stairs.indexOf(name.split(/[./]/)[0] ?? "");

test("imports go one way: views, state, api, events, language", () => {
  for (const name of files.filter((name) => !name.endsWith(".css"))) {
    for (const [, target] of read(name).matchAll(/from "(\.[^"]+)"/g)) {
      const imported = relative(root, join(root, dirname(name), target ?? ""));
      expect(stairOf(imported), `${name} imports ${imported}`).toBeLessThanOrEqual(stairOf(name));
    }
  }
});

test("one file speaks HTTP, one makes HTML", () => {
  expect(containing(/\bfetch\(|XMLHttpRequest|EventSource|WebSocket|sendBeacon/)).toEqual(["api/http.ts"]);
  expect(containing(/dangerouslySetInnerHTML|innerHTML/)).toEqual(["views/markdown/Markdown.tsx"]);
  expect(containing(/insertAdjacentHTML|document\.write|outerHTML|\beval\(|new Function/)).toEqual([]);
});

test("colours come from the tokens", () => {
  expect(containing(/#[0-9a-f]{3,8}\b(?=[;, )])|rgba?\(|hsla?\(/i)).toEqual(["views/tokens.css"]);
});

test("every token that is used is defined", () => {
  const defined = new Set([...read("views/tokens.css").matchAll(/(--[\w-]+):/g)].map(([, name]) => name));
  const used = files.flatMap((name) => [...read(name).matchAll(/var\((--[\w-]+)/g)].map(([, token]) => token));
  expect(used.filter((token) => !defined.has(token))).toEqual([]);
});

test("nothing comes from another site", () => {
  expect(containing(/url\(\s*['"]?(?:https?:)?\/\//)).toEqual([]);
  const page = readFileSync(join(root, "../index.html"), "utf8");
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(page).not.toMatch(/<script>|<style|\sstyle=|\son\w+=/);
});

test("every module opens by naming its job, and none is long", () => {
  for (const name of files.filter((name) => !name.endsWith(".css"))) {
    expect(read(name), name).toMatch(/^\/\*\* [^\n]+/);
    const isTable = /^language\/(?!t\.ts)/.test(name); // a catalogue is as long as what a part of the page says
    expect(read(name).split("\n").length, name).toBeLessThan(isTable ? 500 : 300);
  }
});
