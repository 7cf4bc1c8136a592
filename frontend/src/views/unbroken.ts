/** Words of thousands of letters, such as a picture's bytes: with kerning a browser lays each line of one out anew. */

/** The class of what shows a text that holds such a word; empty where none does. */
export const unbroken = (text: string) => (/\S{2000}/.test(text) ? " is-unbroken" : "");
