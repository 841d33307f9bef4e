import { asPhaulError } from '../errors.ts';

/** What this host's drivers and their settings throw in preflight, saying which host it was. */
export async function onSource<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw asPhaulError(thrown, 'DRIVER_FAILED').with({ host: 'source' });
  }
}
