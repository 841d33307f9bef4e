import { hostname } from 'node:os';
import { join } from 'node:path';
import type { DriverContext } from '../contracts/context.ts';
import type { DumpSettings } from '../contracts/criu-settings.ts';
import type { SourceContainer } from '../contracts/htype.ts';
import { plainTarSuits } from '../criu/plain-tar.ts';
import { driverContext } from '../driver-context.ts';
import { asPhaulError, PhaulError, type Refusal } from '../errors.ts';
import { settleAbandoned } from '../journal/abandoned.ts';
import { lockContainer } from '../journal/container-lock.ts';
import { createGuardedJournal } from '../journal/guard.ts';
import { type Freezer, freezer } from '../linux/freezer.ts';
import { hugePagesAlways } from '../linux/huge-pages.ts';
import { readMounts } from '../linux/mounts.ts';
import { processTree, residentBytes } from '../linux/processes.ts';
import type { PlanReport } from '../observe/events.ts';
import { loadZstd } from '../pages/zstd.ts';
import { parseDestination } from '../transport/destination.ts';
import { createWorkspace, type Workspace } from '../workspace.ts';
import { criuMismatch, lazyRefusals, noFreezer, zstdRefusals } from './both-hosts.ts';
import { askTarget } from './ask-target.ts';
import { checkSource, modeUnsupported } from './check-source.ts';
import { chooseFs } from './choose-fs.ts';
import { connectTarget } from './connect.ts';
import { withoutRepeats } from './dump-settings.ts';
import { type Devices, devicesOf } from './devices.ts';
import { type Files, filesOf } from './files.ts';
import { beginForecast, type Forecast } from './forecast.ts';
import { checkName, findContainer } from './find-container.ts';
import { fsTrees } from './fs-trees.ts';
import type { Link } from './link.ts';
import { mayFollow } from './may-follow.ts';
import type { Migration } from './migration.ts';
import { settleFormer } from './settle.ts';
import { nothingOfCpu, sourceCpu } from './source-cpu.ts';
import { fileReports } from './summary.ts';
import { watchingFiles } from './watching.ts';

/** What preflight found: everything the other acts work with. */
export interface Plan {
  readonly container: SourceContainer;
  /** What CRIU is told of it. */
  readonly dump: DumpSettings;
  readonly htype: string;
  readonly files: Files;
  readonly devices: Devices;
  readonly workspace: Workspace;
  readonly link: Link;
  readonly sourceHost: string;
  /** What holds the container between the freeze and the end, whoever dies; null in revive mode, whose container is stopped. */
  readonly fence: Freezer | null;
  /** Whether memory is moved in iterations before the freeze. */
  readonly preDump: boolean;
  /** Resident memory of the container at preflight, in bytes. */
  readonly memory: number;
  /** Whether the container runs before all of its memory is in place. */
  readonly lazy: boolean;
  /** Pages may be compressed: not forbidden, and both hosts have libzstd. */
  readonly zstd: boolean;
  /** CRIU's images of what is in tmpfs mounts are not compressed. */
  readonly plainTar: boolean;
  /** The source's CRIU, as in CriuProbe; 0 in revive mode. */
  readonly criu: number;
  readonly hosts: PlanReport['hosts'];
  /** How long it will take, as far as that can be told beforehand. */
  readonly forecast: Forecast;
}

/**
 * Asks both hosts everything that could stop the migration, before anything is touched. What it made (the connection, the
 * workspace) is on the undo stack.
 * @param thorough nothing is to follow: time may be spent on looking closely
 * @throws the one reason, or if there are several the first of them with all in `refusals`; TARGET_UNREACHABLE and the like
 */
export async function preflight(m: Migration, { thorough }: { readonly thorough: boolean }): Promise<Plan> {
  const { options } = m;
  if (process.getuid?.() !== 0) throw new PhaulError('NOT_ROOT', 'phaul must run as root.');
  const destination = parseDestination(options.destination);
  if (options.targetId !== undefined) checkName(options.targetId);
  const htype = await findContainer(options.container, options.type);
  m.sourceState = 'running';
  if (!htype.capabilities[options.mode]) throw refused([modeUnsupported(htype.name, options.mode)]);
  m.unlock = lockContainer(htype.name, options.container, 'source');
  await settleAbandoned();
  await settleFormer(htype.name, options.container, m.say);
  const workspace = await takeNotes(m, htype.name);
  const forecast = beginForecast(options, { patient: thorough });
  m.undo.push('the estimate', () => Promise.resolve(void forecast.end(0)));
  const { connection, linking } = connectTarget(m, destination, workspace.directory);

  const contextFor = (signal: AbortSignal): DriverContext =>
    driverContext(workspace.scratch, signal, m.say, () => m.journal);
  const ctx = contextFor(m.signal);
  const container = await htype.source(options.container, options, ctx).catch((error: unknown) => {
    // It does not run, or not as it should.
    if (asPhaulError(error).code === 'CONTAINER_STATE') m.sourceState = 'unknown';
    throw error;
  });
  const move = { container: options.container, peer: destination.host, mode: options.mode };
  const devices = await devicesOf(container, m.signal, (signal) => ({ ...contextFor(signal), move }));
  const pids = await processTree(container.pid);
  const live = options.mode === 'live';
  const memory = await residentBytes(pids);
  const trees = await fsTrees(container.description.trees);
  const link = await linking;
  forecast.linked(connection.login);
  const shares = await chooseFs(trees, options.fs, link, ctx);
  m.journal?.note({
    files: shares.map(({ driver, trees: theirs }) => ({
      driver,
      trees: theirs.map((tree) => ({ ...tree, without: [...tree.without] })),
    })),
  });
  const files = watchingFiles(m, await filesOf(shares, connection.openFs, ctx));
  m.undo.push('the files', files.abort);
  m.emit({ type: 'files', files: fileReports({ files }) });
  const [source, room, cpu] = await Promise.all([
    checkSource(m, { container, files, devices, pids, thorough }),
    forecast.demanded(files.demands()),
    options.skipCpuCheck || !live ? nothingOfCpu : sourceCpu(m),
  ]);

  const able = source.criu?.memTrack ?? false;
  const preDump = live && (options.preDump ?? (able && htype.capabilities.preDump));
  if (preDump && able) forecast.tracked(pids);

  const { target, hosts } = await askTarget(m, link, {
    container: container.description,
    shares,
    devices: devices.states,
    cpuinfo: cpu.image,
    memory: live ? memory : 0,
    source,
    thorough,
    room,
  });
  const fence = live
    ? freezer(container.live?.cgroup ?? null, `phaul-${m.id}`, join(workspace.directory, 'homes'))
    : null;
  const refusals = [
    ...(live && !fence ? [noFreezer()] : []),
    ...source.refusals,
    // Without CRIU there is a refusal already.
    ...(source.criu ? cpu.refusals : []),
    ...target.refusals,
    ...criuMismatch(m, source.criu, target.criu),
    ...lazyRefusals(m, target.criu),
    ...zstdRefusals(m, target.zstd),
  ];
  if (refusals.length > 0) throw refused(refusals);
  forecast.alone();
  if (preDump && (await hugePagesAlways())) m.say('warn', hugePages);
  return {
    container,
    dump: withoutRepeats(container.live?.dump ?? {}, await readMounts(container.pid).catch(ended)),
    htype: htype.name,
    files,
    devices,
    workspace,
    link,
    sourceHost: hostname(),
    fence,
    preDump,
    memory,
    lazy: live && (target.criu?.lazyPages ?? false) && (await mayFollow(m, pids, memory)),
    zstd: options.compress !== 'none' && target.zstd && loadZstd() !== null,
    plainTar: live && (target.more?.plainTar ?? false) && (await plainTarSuits(container.pid)),
    criu: source.criu?.number ?? 0,
    hosts,
    forecast,
  };
}

// It has just ended: whoever wants it next will say so.
const ended = (): [] => [];

// The kernel tracks them as one.
const hugePages =
  'This host gives programs huge pages unasked (transparent_hugepage is "always"): one written byte sends 2 MiB in each iteration.';

/** The journal, and the working directory. */
async function takeNotes(m: Migration, htype: string): Promise<Workspace> {
  const { container, destination: peer, mode, imagePath, keepImages } = m.options;
  m.journal = await createGuardedJournal({ migration: m.id, role: 'source', htype, container, mode, peer });
  const workspace = await createWorkspace(m.journal, { imagePath, keepImages });
  m.undo.push('the working directory', workspace.remove);
  await m.onBegun(workspace.directory);
  return workspace;
}

/** @param refusals at least one */
export function refused(refusals: readonly Refusal[]): PhaulError {
  const [first, ...others] = refusals as [Refusal, ...Refusal[]];
  const message = others.length === 0 ? first.message : `${first.message} (And ${others.length} more.)`;
  return new PhaulError(first.code, message, { hint: first.hint, host: first.host, refusals });
}
