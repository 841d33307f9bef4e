import type { Duplex } from 'node:stream';
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
import { openMemoryChannel } from './memory-channel.ts';
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
  /** What a restore takes on the target, in ms; null: nobody knows. See service/rehearse.ts. */
  readonly restoreMs: number | null;
  /** CRIU on this host, with the page path as its page socket. */
  readonly swrk: Swrk;
  readonly pages: PageSource;
  /** The stream on which the images will go. */
  readonly images: Duplex;
}

/** Live mode: the target gets ready while the container runs. First copy of the files, devices, the runtime, CRIU. */
export async function prepare(m: Migration, plan: Plan): Promise<Prepared> {
  const { link } = plan;
  const { direct } = await begin(m, plan);
  // The streams are opened before the target is asked to take them. They serve for all rounds.
  const { images, ...channel } = await openMemoryChannel(m, link, direct);
  m.undo.push("the images' stream", () => Promise.resolve(void images.destroy()));
  const pages = pageSource(channel.pages, headerBytes(plan.criu), senderOptions(m, plan));
  const swrk = await startCriu(m, plan, pages).catch((error: unknown) => {
    pages.end();
    throw error;
  });
  m.undo.push('CRIU on the source', () => swrk.end());
  // Undone before CRIU is, which may be waiting for somebody to take its pages.
  m.undo.push('the stream of pages', () => Promise.resolve(pages.end()));
  await link.call('attach', { direct: channel.direct });
  return { ...(await firstCopy(m, plan)), swrk, pages, images };
}

/** CRIU for dumps on this host. @throws CRIU_MISSING */
export function startCriu(m: Migration, { plainTar }: Plan, pages: PageSource): Promise<Swrk> {
  return startSwrk({ criuPath: m.options.criuPath, pages: pages.criuEnd(), plainTar });
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
  const { lazy, zstd, plainTar } = plan;
  return plan.link.call('begin', {
    ...criuChoices(m),
    lazy,
    zstd,
    plainTar,
    dataPort: port,
    start,
    keepImages,
  });
}

/** The files go there for the first time; then the devices begin and the runtime gets ready. Gives what moved, and what the target said. */
export async function firstCopy(m: Migration, plan: Plan): Promise<Pick<Prepared, 'copied' | 'restoreMs'>> {
  const mapped = (await plan.container.mappedFiles?.()) ?? [];
  const copied = await interruptible(m, plan.files.sync({ final: false, mapped }));
  m.undo.push('the devices', plan.devices.abort);
  const [, { restoreMs = null }] = await interruptible(
    m,
    Promise.all([plan.devices.begin(), plan.link.call('prepare', {})]),
  );
  return { copied, restoreMs };
}
