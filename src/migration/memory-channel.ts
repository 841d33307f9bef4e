import type { Duplex } from 'node:stream';
import { asPhaulError, PhaulError } from '../errors.ts';
import type { Result } from '../rpc/methods.ts';
import { dialDirect } from '../transport/direct-dial.ts';
import type { Link } from './link.ts';
import type { Migration } from './migration.ts';

/** How the streams of the mem channel go: over the ssh connection, or directly, encrypted with a secret that was told over ssh. */
export interface MemoryChannel {
  readonly direct: boolean;
  readonly open: () => Promise<Duplex>;
}

// A firewall that drops without a word is waited for so long, while the container runs.
const patienceMs = 2000;

/**
 * Finds the way: directly if the target's port can be reached, else, unless the user insists, through ssh, where JavaScript's part is the same but
 * two more processes copy each byte.
 * @throws DIRECT_CONNECTION, CANCELLED
 */
export async function memoryChannel(
  m: Migration,
  link: Link,
  offer: Result<'begin'>['direct'],
): Promise<MemoryChannel> {
  const { data } = m.options;
  const ssh = { direct: false, open: link.transport.openMem };
  if (data === 'ssh') return ssh;
  const dial = (): Promise<Duplex> => {
    if (!offer)
      throw new PhaulError(
        'DIRECT_CONNECTION',
        'The target does not know at which address it can be reached.',
      );
    const { address, port } = offer;
    const secret = Buffer.from(offer.secret, 'base64');
    return dialDirect({ address, port, secret, timeoutMs: patienceMs, signal: m.signal });
  };
  let first: Duplex | null;
  try {
    first = await dial();
  } catch (thrown) {
    const error = asPhaulError(thrown);
    if (data === 'direct' || error.code === 'CANCELLED') throw error;
    m.say('log', `${error.message} The memory goes through ssh.`);
    return ssh;
  }
  return {
    direct: true,
    open: async () => {
      const stream = first ?? (await dial());
      first = null;
      return stream;
    },
  };
}
