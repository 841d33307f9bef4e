import { asPhaulError, PhaulError } from './errors.ts';

/** What a device threw, saying which it was. */
export function deviceFailure(name: string, thrown: unknown): PhaulError {
  const error = asPhaulError(thrown, 'DRIVER_FAILED');
  if (error.code === 'CANCELLED') return error;
  return new PhaulError(error.code, `The device ${name}: ${error.message}`, {
    ...error.details,
    cause: error,
  });
}

/** Waits for all of them, whatever becomes of one. @throws the first failure, with the others' words in its message */
export async function allDevices<D extends { readonly name: string }>(
  devices: readonly D[],
  work: (device: D) => Promise<unknown> | undefined,
): Promise<void> {
  const results = await Promise.allSettled(
    devices.map(async (device) => {
      try {
        await work(device);
      } catch (thrown) {
        throw deviceFailure(device.name, thrown);
      }
    }),
  );
  const [first, ...others] = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as PhaulError] : [],
  );
  if (!first) return;
  const message = [first, ...others].map((error) => error.message).join(' ');
  throw new PhaulError(first.code, message, { ...first.details, cause: first });
}
