import { PhaulError } from '../errors.ts';
import { startSwrk } from './swrk.ts';

/** What phaul needs to know of a host's CRIU and kernel. */
export interface CriuProbe {
  /** For instance `4.2.1`. */
  readonly version: string;
  /** As one number, major * 10000 + minor * 100 + patch. */
  readonly number: number;
  /** The kernel tracks written pages: pre-dump iterations are possible. */
  readonly memTrack: boolean;
  readonly lazyPages: boolean;
}

/**
 * The oldest CRIU that works with a kernel: from 6.16 on only 4.2 can dump TCP sockets (SO_PASSCRED), from 6.13 on only 4.1 can start (vDSO).
 * @param kernel as os.release() gives it
 */
export function oldestCriu(kernel: string): { readonly number: number; readonly text: string } {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 16)
    ? { number: 40200, text: '4.2' }
    : { number: 40100, text: '4.1' };
}

/** Asks CRIU for its version and the kernel's features. @throws CRIU_MISSING, CRIU_DIED */
export async function probeCriu(criuPath: string): Promise<CriuProbe> {
  const swrk = await startSwrk({ criuPath });
  try {
    const { version } = await swrk.request({ type: 'VERSION', keep_open: true });
    if (!version) throw new PhaulError('CRIU_TOO_OLD', `${criuPath} does not tell its version.`);
    const features = await swrk
      .request({ type: 'FEATURE_CHECK', features: { mem_track: true, lazy_pages: true }, keep_open: true })
      .then((answer) => answer.features);
    const patch = version.sublevel ?? 0;
    return {
      version: [version.major_number, version.minor_number, ...(patch ? [patch] : [])].join('.'),
      number: version.major_number * 10000 + version.minor_number * 100 + patch,
      memTrack: features?.mem_track ?? false,
      lazyPages: features?.lazy_pages ?? false,
    };
  } finally {
    await swrk.end();
  }
}
