import { expect, test } from "vitest";
import { waitingText } from "../src/views/thread/waiting";

test.each([
  [1, null, "You are next"],
  [1, 0, "You are next, about 1 second to go"],
  [1, 1.2, "You are next, about 1 second to go"],
  [3, 9, "You are number 3 in line, about 9 seconds to go"],
  [40, 48, "You are number 40 in line, about 50 seconds to go"],
  [40, 58, "You are number 40 in line, about 1 minute to go"],
  [1200, 400, "You are number 1,200 in line, about 7 minutes to go"],
  [7, null, "You are number 7 in line"],
])("place %i, %s seconds", (place, seconds, text) => {
  expect(waitingText(place, seconds)).toBe(text);
});
