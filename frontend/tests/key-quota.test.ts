/** How much an API key may use: what is sent, and how it is read. */

import { expect, test } from "vitest";
import { inWords } from "../src/language/bounds";
import { quotaOf } from "../src/views/account/KeyQuota";

test("bounds are sent as the server reads them, and those without a number are none", () => {
  expect(quotaOf(null)).toEqual([]);
  expect(
    quotaOf([
      { most: " 50 ", measure: "questions", window: "day" },
      { most: "", measure: "tokens", window: "hour" },
      { most: "2.5", measure: "money", window: "month" },
    ]),
  ).toEqual(["50 questions per day", "2.5 money per month"]);
});

test("a bound of a form that is not known here is shown as it is", () => {
  expect(inWords("50 questions per day")).toBe("50 questions per day");
  expect(inWords("5 songs per year")).toBe("5 songs per year");
});
