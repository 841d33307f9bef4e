import { fsDriverNamed } from '../contracts/registry.ts';
import { probeCriu } from '../criu/probe.ts';
import { driverContext } from '../driver-context.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { processTree } from '../linux/processes.ts';
import { emitter, type Listener } from '../observe/emitter.ts';
import type { HereReport } from '../observe/events.ts';
import { checkSource, criuRefusals, kernelRefusals, modeUnsupported, nothingFound } from './check-source.ts';
import { fallback } from './choose-fs.ts';
import { devicesOf } from './devices.ts';
import type { Ended } from './ended.ts';
import { findContainer } from './find-container.ts';
import { fsTrees } from './fs-trees.ts';
import { newMigrationId } from './link.ts';
import { type Migration, newMigration } from './migration.ts';
import type { MigrateOptions } from './options.ts';
import { refused } from './preflight.ts';
import { report } from './report.ts';

/** Preflight without a target: this host and, if one is named, the container. Never throws. */
export async function checkHere(
  options: MigrateOptions,
  listeners: readonly Listener[],
  user: AbortSignal,
): Promise<Ended<HereReport>> {
  const id = newMigrationId();
  const m = newMigration(id, options, emitter(id, listeners), user);
  try {
    const here = await look(m);
    m.emit({ type: 'result', ok: true, here });
    return { ok: true, value: here };
  } catch (thrown) {
    const error = asPhaulError(thrown).with({ sourceState: 'running', act: 'preflight' });
    m.emit({ type: 'result', ok: false, error: report(error) });
    return { ok: false, error };
  }
}

async function look(m: Migration): Promise<HereReport> {
  if (process.getuid?.() !== 0) throw new PhaulError('NOT_ROOT', 'phaul must run as root.');
  const container = m.options.container || null;
  const { criu, refusals } = container === null ? await hostAlone(m) : await withContainer(m, container);
  if (refusals.length > 0) throw refused(refusals);
  return { criu: criu?.version ?? null, preDump: criu?.memTrack ?? false, container };
}

async function hostAlone(m: Migration): ReturnType<typeof checkSource> {
  if (m.options.mode === 'revive') return { ...nothingFound, criu: null };
  const criu = await probeCriu(m.options.criuPath).catch(() => null);
  const kernel = criu ? await kernelRefusals(m.options.criuPath) : [];
  return { ...nothingFound, criu, refusals: [...criuRefusals(criu, m), ...kernel] };
}

async function withContainer(m: Migration, name: string): ReturnType<typeof checkSource> {
  const htype = await findContainer(name, m.options.type);
  if (!htype.capabilities[m.options.mode]) throw refused([modeUnsupported(htype.name, m.options.mode)]);
  const ctx = driverContext('/run', m.signal, m.say);
  const container = await htype.source(name, m.options, ctx);
  // Which driver it will be is for both hosts to say; the one that takes everything must work here at least.
  const { source } = m.options.fs === undefined ? await fallback() : await fsDriverNamed(m.options.fs);
  const trees = await fsTrees(container.description.trees);
  const files = source(
    trees.filter(({ by }) => by === undefined),
    ctx,
  );
  const move = { container: name, peer: '', mode: m.options.mode };
  const devices = await devicesOf(container, m.signal, (signal) => ({
    ...driverContext('/run', signal, m.say),
    move,
  }));
  const pids = await processTree(container.pid);
  return checkSource(m, { container, files, devices, pids, thorough: true });
}
