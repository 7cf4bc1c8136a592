/** What an address shows. */

import { expect, test } from "vitest";
import { routeOf } from "../src/state/route";

test.each([
  ["/", { page: "chat", chatId: null }],
  ["/index.html", { page: "chat", chatId: null }],
  ["/c/abc", { page: "chat", chatId: "abc" }],
  ["/c/abc/", { page: "chat", chatId: "abc" }],
  ["/library", { page: "library", collectionId: null }],
  ["/library/x", { page: "library", collectionId: "x" }],
  ["/operate/usage", { page: "operate", section: "usage" }],
  ["/welcome", { page: "welcome" }],
])("%s is a page", (address, shown) => {
  expect(routeOf(address)).toEqual(shown);
});

test.each(["/nowhere", "/c", "/chat/abc", "/c/abc/more", "/library/x/y", "/welcome/x", "/nowhere/index.html"])(
  "%s leads nowhere",
  (address) => {
    expect(routeOf(address)).toEqual({ page: "nowhere" });
  },
);
