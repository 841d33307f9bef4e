import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requestTypes, type Decoded, decodeRequest, encodeResponse } from './codec.ts';

/** How the fake answers one type of request. */
export interface Answer {
  /** Scripts it notifies of before it answers; each must be acknowledged. */
  readonly notify?: readonly { readonly script: string; readonly pid?: number }[];
  readonly reply?: object;
  /** The reply if a notification is acknowledged with false. */
  readonly refused?: object;
  /** What it writes into the log of a request about CPUs. */
  readonly log?: string;
  /** Killed in the place of replying. */
  readonly dies?: boolean;
  /** It never replies, whoever goes away. */
  readonly hangs?: boolean;
}

export interface FakeCriu {
  readonly path: string;
  /** The requests it got, acknowledgements of notifications among them. */
  readonly requests: () => Decoded[];
  /** Its command line and its standard input, as it saw them. */
  readonly facts: () => { readonly argv: string[]; readonly stdin: string; readonly inherited: string[] };
}

// Blocking, like CRIU: one read is one packet. A request that it has no answer for ends it.
const program = `#!/usr/bin/env node
const fs = require('node:fs');
const table = TABLE;
const log = (packet) => fs.appendFileSync(__filename + '.log', packet.toString('hex') + '\\n');
const link = (fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
const inherited = [4, 5, 6].map(link).filter((path) => path.startsWith('/tmp'));
fs.writeFileSync(__filename + '.facts', JSON.stringify({ argv: process.argv.slice(2), stdin: link(0), inherited }));
const read = () => {
  const buffer = Buffer.alloc(1 << 17);
  const packet = buffer.subarray(0, fs.readSync(3, buffer));
  if (packet.length === 0) process.exit(0);
  log(packet);
  return packet;
};
const write = (hex) => fs.writeSync(3, Buffer.from(hex, 'hex'));
for (;;) {
  const packet = read();
  const type = packet[1];
  const answer = table[type];
  if (!answer) process.exit(1);
  let refused = false;
  for (const notification of answer.notify) {
    write(notification);
    if (read().at(-1) === 0) { refused = true; break; }
  }
  const scratch = /\\/run\\/phaul-cpuinfo-\\w{6}/.exec(packet.toString('latin1'));
  if (answer.log) fs.writeFileSync(scratch[0] + '/cpuinfo.log', answer.log);
  if (answer.dies) process.kill(process.pid, 'SIGKILL');
  if (answer.hangs) require('node:child_process').spawnSync('sleep', ['1000']);
  write(refused ? answer.refused : answer.reply);
  // A dump and a restore are the last thing that CRIU does.
  if (type === 1 || type === 2) process.exit(0);
}
`;

/** A program that speaks the swrk protocol as it is told to. Removed at the end of the test. */
export function fakeCriu(
  t: { readonly teardown: (undo: () => void) => void },
  answers: Readonly<Record<string, Answer>>,
): FakeCriu {
  const directory = mkdtempSync('/tmp/phaul-fake-criu-');
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'criu');
  const table = Object.entries(answers).map(
    ([type, { notify = [], reply, refused, log, dies = false, hangs = false }]) => {
      const bytes = (response: object): string =>
        encodeResponse({ type, success: true, ...response }).toString('hex');
      const notifications = notify.map((what) => bytes({ type: 'NOTIFY', notify: what }));
      const refusal = bytes({ success: false, ...refused });
      return [
        requestTypes[type],
        { notify: notifications, reply: bytes(reply ?? {}), refused: refusal, log, dies, hangs },
      ];
    },
  );
  writeFileSync(
    path,
    program.replace('TABLE', () => JSON.stringify(Object.fromEntries(table))),
  );
  chmodSync(path, 0o755);
  const lines = (): string[] => readFileSync(`${path}.log`, 'utf8').split('\n').filter(Boolean);
  return {
    path,
    requests: () => lines().map((hex) => decodeRequest(Buffer.from(hex, 'hex'))),
    facts: () => JSON.parse(readFileSync(`${path}.facts`, 'utf8')) as ReturnType<FakeCriu['facts']>,
  };
}

/** The answers of a CRIU with which nothing is wrong. */
export const soundCriu: Readonly<Record<string, Answer>> = {
  VERSION: { reply: { version: { major_number: 4, minor_number: 2, sublevel: 1 } } },
  FEATURE_CHECK: { reply: { features: { mem_track: true, lazy_pages: true } } },
  CPUINFO_CHECK: {},
  PAGE_SERVER_CHLD: {},
};
