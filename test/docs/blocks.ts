import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from '../lab/paths.ts';

/** What stands between two fences on a page for users. */
export interface Block {
  readonly page: string;
  /** `sh`, `text`, … */
  readonly language: string;
  /** The word after it: of a block of shell, where it is typed. */
  readonly place: string;
  readonly text: string;
}

export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(projectDirectory, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

export const textOf = (page: string): string => readFileSync(join(projectDirectory, page), 'utf8');

export const blocks: readonly Block[] = pages.flatMap((page) =>
  [...textOf(page).matchAll(/^```(\S*) ?(.*)\n([^]*?)^```$/gm)].map(
    ([, language = '', place = '', text = '']) => ({ page, language, place, text }),
  ),
);

/** The blocks of shell that are typed there. */
export const typedAt = (place: string): Block[] =>
  blocks.filter((block) => block.language === 'sh' && block.place === place);

/** Their lines, without what is said beside them; what several pages say is one. */
export const linesTypedAt = (place: string): string[] => [
  ...new Set(typedAt(place).flatMap(({ text }) => linesOf(text))),
];

export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/ +# .*/, ''))
    .filter((line) => line !== '');
