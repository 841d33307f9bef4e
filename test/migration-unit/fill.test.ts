import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { PhaulError } from '../../src/errors.ts';
import { fill } from '../../src/migration/fill.ts';
import type { Link } from '../../src/migration/link.ts';
import { newMigration } from '../../src/migration/migration.ts';
import type { Plan } from '../../src/migration/preflight.ts';
import { protocolVersion } from '../../src/rpc/methods.ts';
import { migrateOptions } from './options.ts';

/** An ssh behind which a target still has the session, and its memory in place by now. */
const ssh = `#!${process.execPath}
const answers = {
  hello: { protocol: ${protocolVersion}, phaul: '0', host: 'hostb' },
  resume: { outcome: 'open' },
};
console.log('phaul-rpc');
require('node:readline').createInterface(process.stdin).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (id) console.log(JSON.stringify({ id, result: answers[method] }));
});
`;

test('a link that breaks long after the fill has begun is made anew, and asked once more', async (t) => {
  const home = mkdtempSync('/tmp/phaul-fill-');
  const { PATH } = process.env;
  const now = performance.now.bind(performance);
  writeFileSync(join(home, 'ssh'), ssh);
  chmodSync(join(home, 'ssh'), 0o755);
  process.env['PATH'] = `${home}:${PATH}`;
  t.teardown(() => {
    process.env['PATH'] = PATH;
    performance.now = now;
    rmSync(home, { recursive: true });
  });
  const warnings: unknown[] = [];
  const m = newMigration(
    'aaaaaaaa',
    migrateOptions(),
    (what) => what.type === 'warning' && warnings.push(what),
    new AbortController().signal,
  );
  let next: Link | null = null;
  t.teardown(() => next?.close());
  const link = {
    host: 'hostb',
    insist: () => {
      if (next) return Promise.resolve({ pages: 7, waitedFor: 1 });
      // A minute has gone by.
      performance.now = () => now() + 60_000;
      return Promise.reject(new PhaulError('LINK_LOST', 'The target has fallen silent.'));
    },
    continueOn: (other: Link) => (next = other),
  };
  t.deepEqual(await fill(m, { link } as unknown as Plan), { pages: 7, waitedFor: 1 });
  t.deepEqual(warnings, []);
});
