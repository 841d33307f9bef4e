import type { Duplex } from 'node:stream';
import { asPhaulError, PhaulError } from '../errors.ts';
import type { Result } from '../rpc/methods.ts';
import { dialDirect } from '../transport/direct-dial.ts';
import type { Link } from './link.ts';
import type { Migration } from './migration.ts';

/** The two streams of the mem channel: over the ssh connection, or directly, encrypted with a secret that was told over ssh. */
export interface MemoryChannel {
  readonly direct: boolean;
  readonly pages: Duplex;
  readonly images: Duplex;
}

// A firewall that drops without a word is waited for so long, while the container runs.
const patienceMs = 3000;

/**
 * Opens them, in this order: directly if the target's port can be reached, else, unless the user insists, through ssh, where two more processes copy
 * each byte.
 * @throws DIRECT_CONNECTION, SSH_FORWARDING, CANCELLED
 */
export async function openMemoryChannel(
  m: Migration,
  link: Link,
  offer: Result<'begin'>['direct'],
): Promise<MemoryChannel> {
  const { data } = m.options;
  if (data !== 'ssh') {
    try {
      return await dialBoth(m, offer);
    } catch (thrown) {
      const error = asPhaulError(thrown);
      if (data === 'direct' || error.code === 'CANCELLED') throw error;
      m.say('log', `${error.message} The memory goes through ssh.`);
    }
  }
  const pages = await link.transport.openMem();
  return { direct: false, pages, images: await link.transport.openMem() };
}

async function dialBoth({ signal }: Migration, offer: Result<'begin'>['direct']): Promise<MemoryChannel> {
  if (!offer)
    throw new PhaulError('DIRECT_CONNECTION', 'The target does not know at which address it can be reached.');
  const { address, port } = offer;
  const secret = Buffer.from(offer.secret, 'base64');
  const to = { address, port, secret, timeoutMs: patienceMs, signal };
  const pages = await dialDirect(to);
  try {
    return { direct: true, pages, images: await dialDirect(to) };
  } catch (error) {
    pages.destroy();
    throw error;
  }
}
