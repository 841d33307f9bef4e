/** Text as roff reads it: nothing in it is a request or an escape, and a hyphen is one that can be copied. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(
      /[^\0-\x7f]/gu,
      (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replaceAll(/^([.'])/gm, '\\&$1');
}

/** In bold, within a line. */
export const bold = (text: string): string => `\\fB${roff(text)}\\fR`;

/** In italics: what stands for something else. */
export const italic = (text: string): string => `\\fI${roff(text)}\\fR`;

/** A term that is already roff, and what it means. */
export const item = (term: string, meaning: string): string => `.TP\n${term}\n${roff(meaning)}`;

/** Code as it is typed. */
export const block = (text: string): string => `.PP\n.RS 4\n.nf\n${roff(text)}\n.fi\n.RE`;
