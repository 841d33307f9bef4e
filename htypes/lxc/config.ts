import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** One line of a configuration. */
export interface Item {
  readonly key: string;
  readonly value: string;
}

const line = /^\s*([\w.-]+)\s*=\s*(.*?)\s*$/;
const deepest = 8;

/** What a configuration says, with all that it includes, in order (lxc.container.conf(5)). An empty value takes back what was said of its key, or of keys below it. */
export async function readItems(file: string, depth = 0): Promise<Item[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const items: Item[] = [];
  for (const each of text.split('\n')) {
    const [, key, value = ''] = line.exec(each) ?? [];
    if (key === undefined) continue;
    if (key === 'lxc.include' && depth < deepest)
      for (const included of await includedBy(value)) items.push(...(await readItems(included, depth + 1)));
    else items.push({ key, value });
  }
  return items.filter(
    ({ key, value }, index) =>
      value !== '' &&
      !items
        .slice(index + 1)
        .some((later) => later.value === '' && (later.key === key || key.startsWith(`${later.key}.`))),
  );
}

/** The last value of a key. */
export function valueOf(items: readonly Item[], key: string): string | null {
  return items.findLast((item) => item.key === key)?.value ?? null;
}

export const valuesOf = (items: readonly Item[], key: string): string[] =>
  items.flatMap((item) => (item.key === key ? [item.value] : []));

/** A file, or the files of a directory whose names end in `.conf`. */
async function includedBy(path: string): Promise<string[]> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) return [path];
  const names = await readdir(path);
  return names
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => join(path, name));
}

/** How a container's root file system is kept. */
export interface Rootfs {
  /** `dir`, `btrfs`, `overlay`, `lvm`, …; `dir` if it is not said. */
  readonly backing: string;
  readonly path: string;
}

export function rootfsOf(items: readonly Item[]): Rootfs | null {
  const value = valueOf(items, 'lxc.rootfs.path');
  if (value === null) return null;
  const [, backing = 'dir', path = ''] = /^(?:([a-z]+):)?(.*)$/.exec(value) ?? [];
  return { backing, path };
}

/** The text of a configuration for a container whose directory is another. */
export function movedConfig(text: string, from: string, to: string): string {
  return text
    .split('\n')
    .map((each) => {
      const [, key, value = ''] = line.exec(each) ?? [];
      if (key === undefined || from === to) return each;
      const words = value.split(/(?<=[\s:=])/).map((word) => {
        const plain = word.trimEnd().replace(/[:=]$/, '');
        const inside = plain === from || plain.startsWith(`${from}/`);
        return inside ? to + word.slice(from.length) : word;
      });
      return `${key} = ${words.join('')}`;
    })
    .join('\n');
}
