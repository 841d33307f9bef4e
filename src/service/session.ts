import { hostname } from 'node:os';
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Mode } from '../acts.ts';
import type { DriverContext } from '../contracts/context.ts';
import { fsDriverNamed } from '../contracts/registry.ts';
import { driverContext } from '../driver-context.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { type Handlers, type Params, protocolVersion } from '../rpc/methods.ts';
import type { DirectListener } from '../transport/direct.ts';
import { version } from '../version.ts';
import { undoStack } from '../undo.ts';
import { createWorkspace, sweepAbandoned, type Workspace } from '../workspace.ts';
import { type Channels, openChannels } from './channels.ts';
import { checkTarget, type TargetParts, targetParts } from './check.ts';
import { type Memory, receiveMemory } from './memory.ts';
import { type Landing, landing } from './landing.ts';
import { phaseKeeper } from './phase.ts';
import { armRestore, type Restore } from './restore.ts';
import { tracked } from './tracked.ts';

const fillingEveryMs = 250;

/** One migration, as the target sees it: what it does at each of the source's calls. */
export interface Session {
  readonly handlers: Handlers;
  /** The source is gone, cleanly or not. Before the commit everything is undone; after it the container stays. */
  readonly end: () => Promise<void>;
}

/**
 * @param say carries a driver's words to the source.
 * @param onFilling tells the source how much of the memory that follows the container is in place, in pages
 * @param criuPath this host's own; never what the source names
 */
export function targetSession(
  say: (level: 'log' | 'warn', text: string) => void,
  onFilling: (progress: { total: number; placed: number }) => void = () => undefined,
  criuPath = 'criu',
): Session {
  const phase = phaseKeeper();
  const undo = undoStack();
  const aborter = new AbortController();
  setMaxListeners(0, aborter.signal);
  let migration = '';
  let checked: Params<'check'> | null = null;
  let parts: TargetParts | null = null;
  let choices: Params<'begin'> | null = null;
  let workspace: Workspace | null = null;
  let channels: Channels | null = null;
  let memory: Memory | null = null;
  let imageStream: Duplex | null = null;
  let restore: Restore | null = null;
  let commit: Landing | null = null;
  let refused = true;
  let aborting: Promise<string[]> | null = null;

  let busy: Promise<unknown> = Promise.resolve();

  const abort = (): Promise<string[]> => {
    aborter.abort();
    // What is being done right now is made to stop, and waited for: it may still push an undo.
    aborting ??= busy
      .catch(() => undefined)
      .then(() => undo.unwind())
      .then((failures) => failures.map(({ name, error }) => `${name}: ${asPhaulError(error).message}`));
    return aborting;
  };
  const notAborted = (): void => {
    if (aborter.signal.aborted)
      throw new PhaulError('CANCELLED', 'The migration was undone on the target.', { host: 'target' });
  };
  const theParts = (): TargetParts => present(parts);
  const mode = (): Mode => present(checked).mode;
  const only = (allowed: Mode): void => {
    if (mode() !== allowed) throw new PhaulError('PROTOCOL_ERROR', `That belongs to ${allowed} mode.`);
  };
  const context = (): DriverContext =>
    driverContext(`/run/phaul/${migration}-target/scratch`, aborter.signal, say);

  const afterLastFiles = async (): Promise<void> => {
    const { container, replaced } = theParts();
    if (replaced) await container.replaced?.();
  };

  const handlers: Handlers = {
    hello: async (params) => {
      phase.enter('greeted');
      if (process.getuid?.() !== 0)
        throw new PhaulError('TARGET_NOT_ROOT', 'phaul does not run as root on the target.');
      await sweepAbandoned();
      migration = params.migration;
      const host = hostname();
      if (params.protocol === protocolVersion) return { protocol: protocolVersion, phaul: version, host };
      const message = `The source (phaul ${params.phaul}) speaks protocol ${params.protocol}, the target (phaul ${version}) protocol ${protocolVersion}.`;
      throw new PhaulError('PROTOCOL_VERSION', message);
    },
    survey: async ({ candidates }) => {
      phase.demand('greeted');
      const reasons = await Promise.all(
        candidates.map(async ({ driver, tree, seen }) => {
          const reason = await fsDriverNamed(driver).suits?.(tree, seen, context());
          return reason ?? null;
        }),
      );
      return { reasons };
    },
    check: async (params) => {
      phase.enter('checked');
      checked = params;
      parts = targetParts(params, context());
      const answer = await checkTarget(criuPath, params, parts);
      refused = answer.refusals.length > 0;
      return answer;
    },
    begin: async (params) => {
      phase.demand('checked');
      if (refused) throw new PhaulError('PROTOCOL_ERROR', 'The source begins what the target has refused.');
      const { imagePath } = present(checked);
      choices = params;
      workspace = await createWorkspace(migration, 'target', imagePath ?? undefined);
      undo.push('the working directory', () => present(workspace).remove({ keepImages: params.keepImages }));
      const { fs } = theParts();
      channels = await openChannels(
        migration,
        (stream, driver) =>
          void (fs[driver]?.serve(stream) ?? refusedStream(stream)).catch((error: unknown) =>
            fsFailed(error),
          ),
      );
      undo.push('the channels', () => Promise.resolve(present(channels).close()));
      for (const each of fs) {
        undo.push('the files', () => each.abort());
        await each.prepare();
        notAborted();
      }
      const direct =
        params.dataPort === null ? null : await channels.listen(params.dataPort).catch(unreachable);
      phase.enter('begun');
      return { direct: direct && { ...where(direct), secret: direct.secret.toString('base64') } };
    },
    prepare: async () => {
      phase.demand('begun');
      const { container, devices, replaced } = theParts();
      for (const device of devices) {
        undo.push('a device', () => device.abort());
        await device.begin();
        notAborted();
      }
      undo.push('the container', () => container.abort());
      await container.prepare(mode(), replaced);
      notAborted();
      phase.enter('prepared');
      return {};
    },
    attach: async ({ direct }) => {
      phase.demand('begun');
      only('live');
      const { nextMem, closeDirect } = present(channels);
      const pages = await nextMem(direct);
      imageStream = await nextMem(direct);
      closeDirect();
      undo.push("the images' stream", () => Promise.resolve(void imageStream?.destroy()));
      const { lazy, zstd } = present(choices);
      memory = await receiveMemory(pages, present(workspace).images, { lazy, zstd });
      undo.push('the memory', () => Promise.resolve(present(memory).end()));
      return {};
    },
    arm: async () => {
      phase.demand('prepared');
      only('live');
      restore = await armRestore({
        signal: aborter.signal,
        criuPath,
        migration,
        memory: present(memory),
        container: theParts().container,
        choices: { ...present(choices), leaveStopped: !present(choices).start },
        stream: present(imageStream),
      });
      undo.push('the restored tasks', () => present(restore).kill());
      notAborted();
      phase.enter('armed');
      return {};
    },
    checkpoint: async ({ iteration, last }) => {
      phase.demand('armed');
      if (!last) throw new PhaulError('PROTOCOL_ERROR', 'This release takes one checkpoint, the last.');
      await afterLastFiles();
      const images = await present(restore).create(iteration);
      notAborted();
      phase.enter('restored');
      return { images };
    },
    ready: async () => {
      phase.demand('prepared');
      only('revive');
      await afterLastFiles();
      notAborted();
      phase.enter('restored');
      return {};
    },
    commit: async ({ devices: handed }) => {
      phase.demand('restored');
      notAborted();
      // The seat of the journal's record on the target: durable before the container is let go.
      phase.enter('committed');
      present(workspace).burnWill();
      commit = landing({
        parts: theParts(),
        letGo: mode() === 'live' ? present(restore).letGo : null,
        start: present(choices).start,
        say,
      });
      const result = await commit.land(handed);
      // From here the container has run: nothing may take it back, whatever fails.
      undo.clear();
      return result;
    },
    fill: async () => {
      phase.demand('committed');
      only('live');
      const { filled, progress } = present(restore);
      const timer = setInterval(() => onFilling(progress()), fillingEveryMs);
      return filled().finally(() => clearInterval(timer));
    },
    finish: async () => {
      phase.demand('committed');
      await restore?.filled();
      phase.enter('finished');
      await tidyUp();
      return {};
    },
    abort: async () => ({ failures: await abort() }),
  };

  /** The source has another way, or insists and says so. */
  function unreachable(error: unknown): null {
    say('log', asPhaulError(error).message);
    return null;
  }

  function fsFailed(error: unknown): void {
    // The source's half of the driver fails too, and with the better view.
    say('log', `fs: ${asPhaulError(error).message}`);
  }

  async function tidyUp(): Promise<void> {
    const keepImages = choices?.keepImages ?? false;
    const steps = [
      () => theParts().container.started(),
      ...theParts().fs.map((fs) => () => fs.finish?.()),
      () => memory?.end(),
      () => channels?.close(),
      () => workspace?.remove({ keepImages }),
    ];
    for (const step of steps) {
      await Promise.resolve(step()).catch((error: unknown) =>
        say('warn', `Not tidied up: ${asPhaulError(error).message}`),
      );
    }
  }

  return {
    handlers: { ...tracked(handlers, notAborted, (promise) => void (busy = promise)), abort: handlers.abort },
    end: async () => {
      if (phase.now() === 'finished') return;
      // A commit under way is waited for: it either let the container go or failed and undid nothing yet.
      if (phase.now() === 'committed' && (await commit?.landed())) {
        await restore?.filled().catch((error: unknown) => say('warn', asPhaulError(error).message));
        await tidyUp();
      } else await abort();
    },
  };
}

const where = ({ address, port }: DirectListener): { address: string; port: number } => ({ address, port });

/** Of an fs driver that there is not. */
function refusedStream(stream: Socket): Promise<void> {
  stream.destroy();
  return Promise.resolve();
}

function present<T>(value: T | null): T {
  if (value === null) throw new PhaulError('PROTOCOL_ERROR', 'The source asked for something too early.');
  return value;
}
