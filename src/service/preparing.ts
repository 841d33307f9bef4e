import { hostname } from 'node:os';
import type { Socket } from 'node:net';
import { fsDriverNamed } from '../contracts/registry.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { beginHistory } from '../history/begin.ts';
import { settleAbandoned } from '../journal/abandoned.ts';
import { lockContainer } from '../journal/container-lock.ts';
import { createGuardedJournal } from '../journal/guard.ts';
import type { Journal } from '../journal/journal.ts';
import { type Handlers, protocolVersion } from '../rpc/methods.ts';
import type { DirectListener } from '../transport/direct.ts';
import { version } from '../version.ts';
import { createWorkspace } from '../workspace.ts';
import { openChannels } from './channels.ts';
import { checkTarget, targetParts } from './check.ts';
import { settleFormer } from './former.ts';
import { receiveMemory } from './memory.ts';
import { rehearseRestore } from './rehearse.ts';
import { armRestore } from './restore.ts';
import { notAborted, only, present, type Room, roomContext } from './room.ts';

type Preparing = Pick<Handlers, 'hello' | 'survey' | 'check' | 'begin' | 'attach' | 'prepare' | 'arm'>;

/** What the target does while the container runs on the source. Every act pushes its undo. */
export function preparing(room: Room): Preparing {
  const { phase, undo, say } = room;
  return {
    hello: async (params) => {
      phase.demand('new');
      if (process.getuid?.() !== 0)
        throw new PhaulError('TARGET_NOT_ROOT', 'phaul does not run as root on the target.');
      await settleAbandoned();
      room.migration = params.migration;
      if (params.protocol !== protocolVersion) {
        const message = `The source (phaul ${params.phaul}) speaks protocol ${params.protocol}, the target (phaul ${version}) protocol ${protocolVersion}.`;
        throw new PhaulError('PROTOCOL_VERSION', message);
      }
      phase.enter('greeted');
      return { protocol: protocolVersion, phaul: version, host: hostname() };
    },
    survey: async ({ candidates }) => {
      phase.demand('greeted');
      const reasons = await Promise.all(
        candidates.map(async ({ driver, tree, seen }) => {
          const reason = await (await fsDriverNamed(driver)).suits?.(tree, seen, roomContext(room));
          return reason ?? null;
        }),
      );
      return { reasons };
    },
    check: async (params) => {
      const received = Date.now();
      phase.enter('checked');
      room.checked = params;
      room.parts = await targetParts(params, roomContext(room));
      await settleFormer(params.container.htype, params.container.id);
      const answer = await checkTarget(room.criuPath, params, room.parts, received, (text) =>
        say('warn', text),
      );
      room.refused = answer.refusals.length > 0;
      return answer;
    },
    begin: async (params) => {
      phase.demand('checked');
      if (room.refused)
        throw new PhaulError('PROTOCOL_ERROR', 'The source begins what the target has refused.');
      phase.once('begin');
      room.choices = params;
      await makeRoom(room);
      const channels = present(room.channels);
      for (const each of present(room.parts).fs) {
        undo.push('the files', () => each.abort());
        await each.prepare();
        notAborted(room);
      }
      const unreachable = (error: unknown): null => {
        // The source has another way, or insists and says so.
        say('log', asPhaulError(error).message);
        return null;
      };
      const direct =
        params.dataPort === null ? null : await channels.listen(params.dataPort).catch(unreachable);
      phase.enter('begun');
      return { direct: direct && { ...where(direct), secret: direct.secret.toString('base64') } };
    },
    prepare: async () => {
      phase.demand('begun');
      phase.once('prepare');
      const { container, devices, replaced } = present(room.parts);
      undo.push('the devices', devices.abort);
      await devices.begin();
      notAborted(room);
      undo.push('the container', () => container.abort());
      await container.prepare?.(present(room.checked).mode, replaced);
      notAborted(room);
      phase.enter('prepared');
      return { restoreMs: await room.rehearsed };
    },
    attach: async ({ direct }) => {
      phase.demand('begun');
      only(room, 'live');
      phase.once('attach');
      const { nextMem, closeDirect } = present(room.channels);
      const pages = await nextMem(direct);
      undo.push('the stream of pages', () => Promise.resolve(void pages.destroy()));
      const images = await nextMem(direct);
      room.images = images;
      closeDirect();
      undo.push("the images' stream", () => Promise.resolve(void images.destroy()));
      const { lazy, zstd } = present(room.choices);
      const memory = await receiveMemory(pages, present(room.workspace).images, { lazy, zstd });
      room.memory = memory;
      const { directory } = present(room.workspace);
      room.rehearsed = rehearseRestore(room.criuPath, directory, room.signal);
      undo.push('the rehearsal', async () => void (await room.rehearsed));
      undo.push('the memory', () => Promise.resolve(memory.end()));
      return {};
    },
    arm: async () => {
      phase.demand('prepared');
      only(room, 'live');
      phase.once('arm');
      const choices = present(room.choices);
      const restore = await armRestore({
        signal: room.signal,
        criuPath: room.criuPath,
        migration: room.migration,
        memory: present(room.memory),
        container: present(room.parts).container,
        choices: { ...choices, leaveStopped: !choices.start, plainTar: choices.plainTar ?? false },
        stream: present(room.images),
        journal: present(room.journal),
      });
      room.restore = restore;
      undo.push('the restored tasks', () => restore.kill());
      notAborted(room);
      phase.enter('armed');
      return {};
    },
  };
}

/** The journal, the working directory, the channels. */
async function makeRoom(room: Room): Promise<void> {
  const { undo, say } = room;
  const { container, mode, imagePath, source } = present(room.checked);
  const { keepImages } = present(room.choices);
  const { htype, id } = container;
  const journal = await createGuardedJournal({
    migration: room.migration,
    role: 'target',
    htype,
    container: id,
    mode,
    peer: source,
  });
  room.journal = journal;
  beginHistory(room.migration, 'target');
  undo.push('the journal', () => forget(journal));
  // Later than the journal: whoever goes on with that removes the lock's file, too.
  const unlock = lockContainer(htype, id, 'target');
  room.unlock = unlock;
  undo.push('the lock', () => Promise.resolve(unlock()));
  const workspace = await createWorkspace(journal, { imagePath: imagePath ?? undefined, keepImages });
  room.workspace = workspace;
  undo.push('the working directory', () => workspace.remove());
  const { fs } = present(room.parts);
  // The source's half of the driver fails too, and with the better view.
  const failed = (error: unknown): void => say('log', `fs: ${asPhaulError(error).message}`);
  const channels = await openChannels(room.migration, (stream, driver) => {
    (fs[driver]?.serve(stream) ?? refusedStream(stream)).catch((error: unknown) => {
      stream.destroy();
      failed(error);
    });
  });
  room.channels = channels;
  undo.push('the channels', () => Promise.resolve(channels.close()));
  await room.onBegun(workspace.directory);
}

/** It was undone. Remembered only if the source might ask for it. */
async function forget(journal: Journal): Promise<void> {
  const { state } = journal.story();
  if (state === 'open') journal.remove();
  else if (state !== 'undone') await journal.record('undone');
}

const where = ({ address, port }: DirectListener): { address: string; port: number } => ({ address, port });

/** Of an fs driver that there is not. */
function refusedStream(stream: Socket): Promise<void> {
  stream.destroy();
  return Promise.resolve();
}
