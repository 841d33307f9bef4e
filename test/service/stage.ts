import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stories } from '../../src/journal/journal.ts';
import type { State } from '../../src/journal/story.ts';
import { frameBytes, frameKinds, writeFrame } from '../../src/pages/frame.ts';
import { driverApi } from '../../src/contracts/driver.ts';
import { type Params, protocolVersion } from '../../src/rpc/methods.ts';
import { type Session, targetSession } from '../../src/service/session.ts';
import { type Answer, fakeCriu, type FakeCriu, soundCriu } from '../criu/fake-criu.ts';

/** A target's session as the source drives it, with a CRIU that does as told and a process that plays the restored one. */
export interface Stage {
  readonly session: Session;
  readonly call: Session['handlers'];
  readonly migration: string;
  readonly criu: FakeCriu;
  readonly restored: ChildProcess;
  readonly pidFile: string;
  readonly said: string[];
  readonly check: (part?: Partial<Params<'check'>>) => Params<'check'>;
  /** The stream of images, once it has been attached. */
  readonly images: () => Socket | null;
  /** All calls up to that one, as an honest source makes them. */
  readonly upTo: (last: Step) => Promise<void>;
  /** That call alone. */
  readonly only: (step: Step) => Promise<void>;
  /** Whether anything of the migration is left on this host but what is remembered of it. */
  readonly leavesNothing: () => boolean;
  /** What this host remembers of it. */
  readonly state: () => Promise<State | null>;
}

export const steps = [
  'hello',
  'check',
  'begin',
  'attach',
  'prepare',
  'arm',
  'checkpoint',
  'commit',
  'fill',
  'finish',
] as const;
export type Step = (typeof steps)[number];

const endOfImages = Buffer.alloc(2);
/** Dump 1, of a tree without memory. */
const noPages = Buffer.alloc(2 * frameBytes);
writeFrame(noPages, 0, { kind: frameKinds.iteration, number: 1 });
writeFrame(noPages, frameBytes, { kind: frameKinds.end, number: 1 });

export function stage(t: ExecutionContext, answers: Record<string, Answer> = {}, criuPath?: string): Stage {
  const migration = randomUUID();
  const home = mkdtempSync('/tmp/phaul-service-');
  const restored = spawn('sleep', ['1000']);
  const pid = restored.pid ?? 0;
  const restore = { notify: [{ script: 'post-restore', pid }], reply: { restore: { pid } } };
  const criu = fakeCriu(t, { ...soundCriu, RESTORE: restore, ...answers });
  const said: string[] = [];
  const session = targetSession(
    (level, text) => said.push(`${level}: ${text}`),
    () => undefined,
    () => Promise.resolve(),
    criuPath ?? criu.path,
  );
  const pidFile = join(home, 'restored.pid');
  t.teardown(async () => {
    await session.handlers.abort({}).catch(() => undefined);
    await session.left();
    // Nobody tells a session of these tests that it may forget.
    await call.finish({}).catch(() => undefined);
    restored.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });
  const call = session.handlers;
  let pages: Socket | null = null;
  let images: Socket | null = null;
  const check: Stage['check'] = (part = {}) => ({
    mode: 'live',
    api: driverApi,
    container: {
      htype: 'pid',
      id: `4194305-${migration}`,
      trees: [],
      needs: [],
      meta: { pids: [], networkNamespace: null, pidFile },
    },
    fs: [],
    devices: [],
    source: 'hosta',
    skipCriuCheck: false,
    cpuinfo: null,
    memory: 0,
    force: false,
    imagePath: null,
    ...part,
  });
  const openMem = async (): Promise<Socket> => {
    const stream = connect(`/run/phaul/${migration}-target/mem`);
    stream.on('error', () => undefined);
    t.teardown(() => stream.destroy());
    await once(stream, 'connect');
    return stream;
  };
  const make: Record<Step, () => Promise<unknown>> = {
    hello: () => call.hello({ protocol: protocolVersion, phaul: '0.1.0', migration }),
    check: () => call.check(check()),
    begin: () =>
      call.begin({
        shellJob: false,
        tcp: 'keep',
        lazy: true,
        zstd: false,
        dataPort: null,
        start: true,
        keepImages: false,
      }),
    prepare: () => call.prepare({}),
    attach: async () => {
      pages = await openMem();
      images = await openMem();
      await call.attach({ direct: false });
    },
    arm: async () => {
      await call.arm({});
      pages?.write(noPages);
      images?.end(endOfImages);
    },
    checkpoint: () => call.checkpoint({ iteration: 1, last: true }),
    commit: () => call.commit({ devices: [] }),
    fill: () => call.fill({}),
    finish: () => call.finish({}),
  };
  return {
    session,
    call,
    migration,
    criu,
    restored,
    pidFile,
    said,
    check,
    images: () => images,
    upTo: async (last) => {
      for (const step of steps.slice(0, steps.indexOf(last) + 1)) await make[step]();
    },
    only: async (step) => void (await make[step]()),
    state: async () => (await stories()).find((story) => story.migration === migration)?.state ?? null,
    leavesNothing: () => !existsSync(`/run/phaul/${migration}-target`) && !existsSync(pidFile),
  };
}
