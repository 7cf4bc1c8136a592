/** Make identifiers in the server's form. */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32

/** 26 characters: 48 bits of milliseconds, then 80 random bits. Two made in different milliseconds sort by time. */
export function newId(milliseconds = Date.now()): string {
  let time = "";
  for (let rest = milliseconds, index = 0; index < 10; index++, rest = Math.floor(rest / 32)) {
    time = ALPHABET.charAt(rest % 32) + time;
  }
  const random = crypto.getRandomValues(new Uint8Array(16));
  return time + Array.from(random, (byte) => ALPHABET.charAt(byte & 31)).join("");
}
