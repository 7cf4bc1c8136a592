/** Whom an operator, or somebody who shares, names by what they type: an e-mail that nobody has is nobody. */

import { expect, it } from "vitest";
import type { KnownPerson } from "../src/api/people";
import { problemOfId } from "../src/views/library/PersonId";
import { fullNameOf, idOf, nameOf } from "../src/views/operators/PersonField";

const person = (id: string, email: string, name = "") => ({ id, email, name }) as KnownPerson;
const known = [person("p1", "Ada@example.org", "Ada"), person("p2", "", "")];

it("finds somebody by e-mail, however it is written, and by id", () => {
  expect(idOf(" ada@EXAMPLE.org ", known)).toBe("p1");
  expect(idOf("p2", known)).toBe("p2");
  expect(idOf("guest-7", known)).toBe("guest-7"); // guests are in no list
});

it("takes no e-mail that nobody has for an id: a hold on it would hold nothing, an erasure erase nothing", () => {
  expect(idOf("adda@example.org", known)).toBe("");
  expect(idOf("  ", known)).toBe("");
  expect(idOf("ada@example.org", undefined)).toBe(""); // not before it is known who is here
});

it("takes what is written for an id where nobody can be listed, or ids are e-mails", () => {
  expect(idOf("adda@example.org", null)).toBe("adda@example.org");
  expect(idOf("ben@example.org", [person("eve@example.org", "")])).toBe("ben@example.org");
});

it("calls a person by name and e-mail, as far as they are known", () => {
  expect(fullNameOf("p1", known)).toBe("Ada · Ada@example.org");
  expect(fullNameOf("p3", [person("p3", "ben@example.org")])).toBe("ben@example.org");
  expect(fullNameOf("p2", known)).toBe("p2");
  expect(nameOf("p1", known)).toBe("Ada");
  expect(nameOf("p9", null)).toBe("p9");
});

it("tells who shares that an e-mail is no id, unless ids are e-mails here", () => {
  expect(problemOfId("ada@example.org", "p7")).toContain("e-mail");
  expect(problemOfId("p1", "p7")).toBe("");
  expect(problemOfId("ada@example.org", "ben@example.org")).toBe("");
});
