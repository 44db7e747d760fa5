/** What drives a terminal, breaks a line or turns text around: control characters, those of 8 bits too, and Unicode's own. */
const DRIVING = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Text from outside, such as a name or a file's name, on one line of a terminal, which it cannot drive: as `\u001b`. */
export const visible = (text: string): string => text.replace(DRIVING, escaped);

/** The same of a message of several lines. */
export const visibleLines = (text: string): string =>
  text.replace(DRIVING, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
