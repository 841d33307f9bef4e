import { asPhaulError } from '../errors.ts';
import type { Outcome } from '../rpc/methods.ts';
import type { Link } from './link.ts';
import { type Errand, reconnect } from './reconnect.ts';

/**
 * Asks the target whose the container is, and that it gives it up unless it has been let run there. `unknown`: it remembers nothing, so that it has
 * never been complete there, or both sides have done with it.
 * @param then what is done with the answer before the target forgets it
 * @throws as openLink, or LINK_LOST
 */
export async function askTarget(
  errand: Errand,
  then: (outcome: Outcome | 'unknown') => Promise<void>,
): Promise<void> {
  const { link, found } = await reconnect(errand);
  try {
    const outcome = found.outcome === 'open' ? await link.insist('abort', {}) : found;
    await then(outcome.outcome === 'unknown' ? 'unknown' : (outcome as Outcome));
    await forgotten(link);
  } finally {
    link.close();
  }
}

/** The source has done with it, as the target is to be told. @throws as openLink, or LINK_LOST */
export async function tellTarget(errand: Errand): Promise<void> {
  await askTarget(errand, () => Promise.resolve());
}

async function forgotten(link: Link): Promise<void> {
  await link.insist('finish', {}).catch((thrown: unknown) => {
    // There was nothing to forget.
    if (asPhaulError(thrown).code !== 'PROTOCOL_ERROR') throw thrown;
  });
}
