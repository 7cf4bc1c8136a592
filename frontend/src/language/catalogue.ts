/** The form of what the page says in one language. */

/** A text, or its forms by how many of something there are. `{name}` stands for a value. */
export type Catalogue = Readonly<Record<string, string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>>>;
