import { describe, expect, it } from "vitest";
import type { Bound } from "../src/api/bounds";
import { sentenceOf } from "../src/language/problems";
import { noteOf } from "../src/state/usage";

const NOW = 1_000_000;
const bound = (more: Partial<Bound>): Bound => ({
  scope: "person",
  limit: 50,
  used: 10,
  resets_at: NOW + 600,
  is_near: false,
  is_over: false,
  text: "50 questions per day",
  group: "",
  ...more,
});

describe("what the page says of quotas", () => {
  it("is nothing while little is used, or where none are set", () => {
    expect(noteOf({ bounds: [], over: null }, NOW)).toBeNull();
    expect(noteOf({ bounds: [bound({})], over: null }, NOW)).toBeNull();
  });
  it("is a quiet line for the one that is used most", () => {
    const bounds = [
      bound({ used: 40, is_near: true }),
      bound({ limit: "2.00", used: "1.90", is_near: true, text: "2.00 EUR per month" }),
    ];
    expect(noteOf({ bounds, over: null }, NOW)).toEqual({
      text: "95 % of your quota is used: 2.00 EUR per month. It begins anew in 10 min.",
      isOver: false,
    });
  });
  it("is clear once one is used up, with the time that the last of them begins anew", () => {
    const bounds = [
      bound({ used: 50, is_near: true, is_over: true }),
      bound({ scope: "group", group: "staff", used: 50, is_near: true, is_over: true, resets_at: NOW + 3_600 }),
    ];
    expect(noteOf({ bounds, over: "small" }, NOW)).toEqual({
      text: "The quota of the group staff is used up: 50 questions per day. It begins anew in 60 min. Until then small answers.",
      isOver: true,
    });
  });
  it("is nothing more once that time has come", () => {
    expect(noteOf({ bounds: [bound({ used: 50, is_over: true, resets_at: NOW - 1 })], over: null }, NOW)).toBeNull();
  });
});

describe("what the page says of a refusal", () => {
  const values = { whose: "Your quota", limit: "3 questions per day", moment: "at 2026-12-02 00:00 UTC", scope: "person", group: "" };
  const told = (reason: string, more = {}) => sentenceOf("over_quota", "As the server says it.", 60, { code: reason, values: { ...values, ...more } });
  it("names the moment on the reader's clock", () => {
    const at = Math.floor(Date.now() / 1000) + 8 * 3600;
    const time = new Date(at * 1000).toLocaleString("en-US", { hour: "2-digit", minute: "2-digit" });
    expect(told("quota_used_up", { begins_at: at })).toBe(
      `Your quota is used up: 3 questions per day. It begins anew at ${time}. You can ask again then.`,
    );
    expect(told("quota_used_up", { begins_at: at, scope: "group", group: "Crew" })).toContain("The quota of the group Crew");
  });
  it("is the server's where that says less", () => {
    expect(told("quota_used_up")).toBe("As the server says it.");
    expect(told("quota_used_up", { begins_at: 1, scope: "planet" })).toBe("As the server says it.");
  });
});
