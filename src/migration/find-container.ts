import { htypeNamed, usableHTypes } from '../contracts/registry.ts';
import type { HType } from '../contracts/htype.ts';
import { PhaulError } from '../errors.ts';
import { onSource } from './on-source.ts';

const safeName = /^[A-Za-z0-9_][A-Za-z0-9_+.-]{0,127}$/;

/** @throws CONTAINER_NAME */
export function checkName(name: string): void {
  if (!safeName.test(name))
    throw new PhaulError('CONTAINER_NAME', `${JSON.stringify(name)} is not a name of a container.`);
}

/** Asks the htypes who knows a container of that name. @throws CONTAINER_NAME, CONTAINER_UNKNOWN, CONTAINER_AMBIGUOUS, or why an htype cannot be asked */
export async function findContainer(name: string, type: string | undefined): Promise<HType> {
  checkName(name);
  // One that cannot be used matters only if nobody else knows the container.
  const { htypes: candidates, problem } =
    type === undefined ? await usableHTypes() : { htypes: [await onSource(htypeNamed(type))], problem: null };
  const knowing = await Promise.all(candidates.map((htype) => htype.knows(name)));
  const found = candidates.filter((_, index) => knowing[index]);
  if (found.length === 1) return found[0]!;
  const names = (list: readonly HType[]): string => list.map((htype) => htype.name).join(', ');
  if (found.length > 1)
    throw new PhaulError('CONTAINER_AMBIGUOUS', `${name} is known to several htypes: ${names(found)}.`);
  if (problem) throw problem.with({ host: 'source' });
  throw new PhaulError(
    'CONTAINER_UNKNOWN',
    `No container ${name} on this host (asked: ${names(candidates)}).`,
  );
}
