/** How much an API key may use: what is sent, and how it is read. */

import { expect, test } from "vitest";
import { inWords } from "../src/language/bounds";
import { boundsOf, textsOf } from "../src/views/bounds/Bounds";

test("bounds are sent as the server reads them, and those without a number are none", () => {
  expect(textsOf([])).toEqual([]);
  expect(
    textsOf([
      { most: " 50 ", measure: "questions", window: "day" },
      { most: "", measure: "tokens", window: "hour" },
      { most: "2.5", measure: "money", window: "month" },
    ]),
  ).toEqual(["50 questions per day", "2.5 money per month"]);
});

test("what the server sent can be changed and sent again", () => {
  const texts = ["50 questions per day", "2.50 money per month"];
  expect(boundsOf(texts)[1]).toEqual({ most: "2.50", measure: "money", window: "month" });
  expect(textsOf(boundsOf(texts))).toEqual(texts);
});

test("a bound of a form that is not known here is shown as it is", () => {
  expect(inWords("50 questions per day")).toBe("50 questions per day");
  expect(inWords("5 songs per year")).toBe("5 songs per year");
});
