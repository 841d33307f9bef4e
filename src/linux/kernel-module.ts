import { access, readFile } from 'node:fs/promises';
import { release } from 'node:os';

/** Whether the kernel has a module, built in, loaded or on the disk; null where that cannot be told. Loads nothing. */
export async function hasModule(name: string): Promise<boolean | null> {
  const loaded = await access(`/sys/module/${name}`).then(
    () => true,
    () => false,
  );
  if (loaded) return true;
  const lists = await Promise.all(
    ['modules.builtin', 'modules.dep'].map((list) =>
      readFile(`/lib/modules/${release()}/${list}`, 'utf8').catch(() => null),
    ),
  );
  if (lists.every((list) => list === null)) return null;
  // Module files are named with either of the two.
  const file = new RegExp(`/${name.replaceAll('_', '[_-]')}\\.ko`);
  return lists.some((list) => list !== null && file.test(list));
}
