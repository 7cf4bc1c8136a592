/** The bounds of what is used, as the server tells them. */

/** A bound that holds for whoever is here. Amounts of money are decimals as text. */
export interface Bound {
  scope: "server" | "group" | "person" | "key";
  limit: number | string;
  used: number | string;
  resets_at: number;
  is_near: boolean;
  is_over: boolean;
  /** For a person, as "50 questions per day". */
  text: string;
  group: string;
}

export interface Usage {
  bounds: readonly Bound[];
  /** The model that answers where a bound is reached. */
  over: string | null;
}
