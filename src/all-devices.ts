import { asPhaulError, PhaulError } from './errors.ts';

/** Waits for all of them, whatever becomes of one. @throws the first failure, with the others' words in its message */
export async function allDevices<D>(
  devices: readonly D[],
  work: (device: D) => Promise<unknown> | undefined,
): Promise<void> {
  const results = await Promise.allSettled(devices.map(async (device) => work(device)));
  const [first, ...others] = results.flatMap((result) =>
    result.status === 'rejected' ? [asPhaulError(result.reason)] : [],
  );
  if (!first) return;
  const message = [first, ...others].map((error) => error.message).join(' ');
  throw new PhaulError(first.code, message, { ...first.details, cause: first });
}
