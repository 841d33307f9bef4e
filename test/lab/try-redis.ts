import { Lab } from './lab.ts';
import { removeContainer } from './container.ts';
import { startRedis } from './redis.ts';
import { startTraffic } from './traffic.ts';
const lab = await Lab.up('dev');
const [a, b, c] = [lab.host('a'), lab.host('b'), lab.host('c')];
const mib = Number(process.argv[2] ?? 0);
for (const extra of process.argv.slice(3)) {
  await startRedis(a, mib > 0 ? { mebibytes: mib } : {});
  const traffic = await startTraffic(c);
  await new Promise((r) => setTimeout(r, 500));
  await b.sh('mkdir -p /tmp/keep');
  await a.sh('mkdir -p /tmp/keep');
  const { stdout } = await a.run(
    ['phaul', 'migrate', '--json', ...(extra === '-' ? [] : extra.split(' ')), 'ct101', 'b'],
    { check: false },
  );
  await new Promise((r) => setTimeout(r, 500));
  const { longestGapMs, errors, lost } = await traffic.stop();
  const ev = stdout
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));
  const f = ev.find((e) => e.type === 'frozen')?.ms;
  console.log(
    extra,
    'gap',
    longestGapMs,
    errors,
    lost,
    ev
      .filter((e) => ['act-begin', 'act-end', 'running', 'frozen'].includes(e.type) && e.ms > f - 80)
      .map(
        (e) =>
          `${e.type === 'act-begin' ? '>' : e.type === 'act-end' ? '<' : ''}${e.act ?? e.type}@${(e.ms - f).toFixed(0)}`,
      )
      .join(' '),
    'freeze',
    ev.at(-1).freezeMs,
    ev.at(-1).error?.message ?? '',
    JSON.stringify(ev.at(-1).fill),
  );
  if (process.env.KEEP) console.log(await b.sh('cat /tmp/keep/phaul-*/checkpoint/restore.log'));
  if (process.env.KEEPD) console.log(await a.sh('cat /tmp/keep/phaul-*/1/dump.log'));
  await b.sh('rm -rf /tmp/keep');
  await a.sh('rm -rf /tmp/keep');
  await Promise.all([a, b].map((h) => removeContainer(h, 'ct101')));
}
await Lab.down('dev');
