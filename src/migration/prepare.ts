import type { SyncResult } from '../contracts/fs-driver.ts';
import type { CriuChoices } from '../criu/requests.ts';
import { startSwrk, type Swrk } from '../criu/swrk.ts';
import { type PageSource, pageSource } from '../pages/source.ts';
import { autoCompression } from '../pages/auto-compression.ts';
import { fixedCompression } from '../pages/compression.ts';
import { pace } from '../pages/pace.ts';
import type { SenderOptions } from '../pages/sender.ts';
import { headerBytes } from '../pages/wire.ts';
import { loadZstd } from '../pages/zstd.ts';
import type { Result } from '../rpc/methods.ts';
import { type MemoryChannel, memoryChannel } from './memory-channel.ts';
import { interruptible, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/** How CRIU is used, on both hosts. */
export function criuChoices(m: Migration): CriuChoices {
  const { shellJob, tcp } = m.options;
  return { shellJob, tcp: tcp ? 'keep' : 'close' };
}

export interface Prepared {
  /** What the first copy of the files moved. */
  readonly copied: SyncResult;
  /** CRIU on this host, with the page path as its page socket. */
  readonly swrk: Swrk;
  readonly pages: PageSource;
  readonly channel: MemoryChannel;
}

/** Live mode: the target gets ready while the container runs. First copy of the files, devices, the runtime, CRIU. */
export async function prepare(m: Migration, plan: Plan): Promise<Prepared> {
  const { link } = plan;
  const { direct } = await begin(m, plan);
  const channel = await memoryChannel(m, link, direct);
  // The stream is opened before the target is asked to take it. It serves for all rounds.
  const pages = pageSource(await channel.open(), headerBytes(plan.criu), senderOptions(m, plan));
  m.undo.push('the stream of pages', () => Promise.resolve(pages.end()));
  const swrk = await startSwrk({ criuPath: m.options.criuPath, pages: pages.criuEnd });
  m.undo.push('CRIU on the source', () => swrk.end());
  await link.call('attach', { direct: channel.direct });
  return { copied: await firstCopy(m, plan), swrk, pages, channel };
}

function senderOptions({ options }: Migration, { zstd }: Plan): SenderOptions {
  const { compress, bandwidthLimit } = options;
  return {
    compression:
      compress === 'auto'
        ? autoCompression(() => performance.now())
        : fixedCompression(zstd ? 'zstd' : 'raw'),
    zstd: zstd ? loadZstd() : null,
    pace: pace(bandwidthLimit),
  };
}

/** The target makes room. */
export async function begin(m: Migration, plan: Plan): Promise<Result<'begin'>> {
  const { start, keepImages, data, dataPort } = m.options;
  const port = m.options.mode === 'revive' || data === 'ssh' ? null : dataPort;
  const { lazy, zstd } = plan;
  return plan.link.call('begin', { ...criuChoices(m), lazy, zstd, dataPort: port, start, keepImages });
}

/** The files go there for the first time; then the devices begin and the runtime gets ready. Gives what moved. */
export async function firstCopy(m: Migration, plan: Plan): Promise<SyncResult> {
  const mapped = await plan.container.mappedFiles();
  const copied = await interruptible(m, plan.files.sync({ final: false, mapped }));
  await plan.link.call('prepare', {});
  return copied;
}
