/** What somebody may do with a thing; each right holds those before it. */

export type Right = "see" | "use" | "write" | "manage";
