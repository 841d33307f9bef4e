// A CRIU that comes to a standstill in the dump, where it holds the container.
import test from 'ava';
import { Lab } from '../lab/lab.ts';
import { phaul } from './phaul.ts';
import { ensureRedis, failed, meanwhile, unharmed } from './stage.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
});
test.beforeEach(() => ensureRedis(lab));
test.after.always(() => Lab.down());

/** CRIU waits for a tar, which reads what is in the container's tmpfs mounts, while it has the container's connections in its hands. */
const hangingTar = [
  "mv /usr/bin/tar /root/tar; printf '#!/bin/sh\\nexec sleep 1000\\n' >/usr/bin/tar; chmod +x /usr/bin/tar",
  'mv /root/tar /usr/bin/tar',
] as const;

test.serial('a CRIU that does nothing any more is killed, and everything undone', async (t) => {
  const a = lab.host('a');
  const end = await meanwhile(a, ...hangingTar, () => unharmed(t, lab, () => phaul(a, ['ct101', 'b'])));
  const message = 'CRIU did nothing for 30 s in the middle of its dump.';
  failed(t, end, { code: 'CRIU_DUMP', act: 'freeze', host: 'source', message: RegExp(message) });
  t.regex(end.text, /CRIU \(process \d+\) does nothing any more in the middle of its dump\. It is killed\./);
  t.regex(await a.sh(`cat ${end.error?.logFile}`), /Dumping processes/);
});

test.serial('--timeout undoes, though CRIU does nothing any more', async (t) => {
  const a = lab.host('a');
  const end = await meanwhile(a, ...hangingTar, () =>
    unharmed(t, lab, () => phaul(a, ['--timeout', '2', 'ct101', 'b'])),
  );
  failed(t, end, { code: 'TIMEOUT', act: 'freeze' });
});
