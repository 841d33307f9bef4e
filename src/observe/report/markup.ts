import { plainText } from '../plain-text.ts';

/** Text that is HTML already. */
export interface Markup {
  readonly html: string;
}

type Part = Markup | string | number | null | readonly Part[];

/** HTML in which whatever is put in is text, unless it was made by this function: names and messages come from anybody. Null is nothing. */
export function markup(literal: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return {
    html: literal.map((text, index) => text + (index < parts.length ? written(parts[index]!) : '')).join(''),
  };
}

function written(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escaped(plainText(part));
  return 'html' in part ? part.html : part.map(written).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
