/** Enter never takes the second factor away; that is asked for, and confirmed. */

import { h, render } from "preact";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Account } from "../src/api/people";
import { SecondFactor } from "../src/views/account/SecondFactor";
import { until } from "./until";

const browserFetch = globalThis.fetch;
const asked: string[] = [];

beforeAll(() => {
  HTMLDialogElement.prototype.showModal = vi.fn();
  HTMLDialogElement.prototype.close = vi.fn();
  globalThis.fetch = async (path) => {
    asked.push(String(path));
    return String(path).endsWith("/codes") ? Response.json({ codes: ["one-code"] }) : new Response(null, { status: 204 });
  };
  const account = { has_second_factor: true, recovery_codes: 3 } as Account;
  render(h(SecondFactor, { account, changed: () => {} }), document.body);
});
afterAll(() => {
  globalThis.fetch = browserFetch;
  render(null, document.body);
});

const button = (label: string, within = "form") =>
  [...document.querySelectorAll<HTMLButtonElement>(`${within} button`)].find((one) => one.textContent === label);

it("Enter presses the first button of the form, which is the harmless one", async () => {
  (document.querySelector("input") as HTMLInputElement).value = "four words of mine";
  document.querySelector<HTMLButtonElement>("form button[type=submit]")?.click();
  await until(() => expect(document.body.textContent).toContain("one-code"));
  expect(asked).toEqual(["/api/me/second-factor/codes"]);
});

it("removes it only once that is confirmed", async () => {
  asked.length = 0;
  (document.querySelector("input") as HTMLInputElement).value = "four words of mine";
  button("Remove the second factor")?.click();
  await until(() => expect(button("Remove", "dialog")).toBeDefined());
  expect(asked).toEqual([]);
  button("Remove", "dialog")?.click();
  await until(() => expect(asked).toEqual(["/api/me/second-factor/remove"]));
});
