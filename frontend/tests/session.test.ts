/** Who is here may change in another tab: what a page does when it hears of it. */

import { describe, expect, it } from "vitest";
import type { Me } from "../src/api/resources";
import { whatToDo } from "../src/state/session";

const as = (id: string, is_signed_in = true) => ({ person: { id, name: id, is_signed_in, is_operator: false } }) as Me;

describe("when a page hears who is here", () => {
  it("stays as it is while that is the same person, and for guests", () => {
    expect(whatToDo(null, null, as("ada"))).toBe("stay");
    expect(whatToDo(null, "ada", as("ada"))).toBe("stay");
    expect(whatToDo(as("ada"), "ada", as("ada"))).toBe("stay");
    expect(whatToDo(null, null, as("guest", false))).toBe("stay");
    expect(whatToDo(as("guest", false), null, as("other guest", false))).toBe("stay");
  });

  it("keeps what a guest typed who has signed in elsewhere", () => {
    expect(whatToDo(as("guest", false), null, as("ada"))).toBe("reload");
  });

  it("leaves nothing of a person who is not here any more to the next one", () => {
    expect(whatToDo(as("ada"), "ada", as("ben"))).toBe("forget");
    expect(whatToDo(as("ada"), "ben", as("ben"))).toBe("forget"); // the other tab remembers the next one already
    expect(whatToDo(null, "ada", as("ben"))).toBe("forget"); // a sign-in that ended by itself, or was ended
    expect(whatToDo(as("ada"), "ada", as("guest", false))).toBe("forget");
  });
});
