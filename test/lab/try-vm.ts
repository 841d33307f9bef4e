import { VmLab } from './vm/vm-lab.ts';
const lab = await VmLab.up('dev2');
const [a, b] = [lab.host('a'), lab.host('b')];
const [mib, rate] = [process.argv[2] ?? '64', process.argv[3] ?? '500'];
for (const extra of process.argv.slice(4)) {
  console.log(
    await a.sh(
      `mkdir -p /var/tmp/wd; echo $((5000+RANDOM)) >/proc/sys/kernel/ns_last_pid 2>/dev/null; echo 9000 >/proc/sys/kernel/ns_last_pid; setsid python3 /opt/phaul/test/lab/try-writer.py ${mib} ${rate} /var/tmp/wd/w.log >/dev/null 2>/dev/null </dev/null & for i in $(seq 100); do [ -e /var/tmp/wd/w.log ] && break; sleep 0.3; done;   sleep 2`,
    ),
  );
  const pid = (await a.sh('cat /var/tmp/wd/w.pid')).trim();
  await new Promise((r) => setTimeout(r, 3000));
  const t = Date.now();
  const { stdout, stderr } = await a.run(
    [
      'phaul',
      'migrate',
      '--json',
      '-v',
      '--pid-root',
      '/var/tmp/wd',
      ...(extra === '-' ? [] : extra.split(' ')),
      pid,
      'b',
    ],
    { check: false },
  );
  const ev = stdout
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));
  const f = ev.find((e) => e.type === 'frozen')?.ms;
  console.log(extra, 'total', Date.now() - t);
  for (const e of ev.filter((e) => e.type === 'iteration' || e.type === 'decision' || (e.type === 'log' && e.text.includes('beforeMs'))))
    console.log('  ', JSON.stringify(e));
  console.log(
    ev
      .filter((e) => ['act-begin', 'act-end', 'running', 'frozen'].includes(e.type) && e.ms > f - 900)
      .map(
        (e) =>
          `${e.type === 'act-begin' ? '>' : e.type === 'act-end' ? '<' : ''}${e.act ?? e.type}@${(e.ms - f).toFixed(0)}`,
      )
      .join(' '),
    'freeze',
    ev.at(-1).freezeMs,
    ev.at(-1).error?.message ?? '',
    ev.at(-1).error?.logLine ?? '',
    JSON.stringify(ev.at(-1).fill),
    JSON.stringify(ev.at(-1).warnings),
  );
  if (!ev.at(-1).ok) console.log(stderr.slice(-4000));
  await new Promise((r) => setTimeout(r, 2000));
  console.log(
    'b:',
    await b.sh(
      'set +e; tail -n 3 /var/tmp/wd/w.log; kill -0 $(cat /var/tmp/wd/w.pid) && echo alive || echo gone',
    ),
  );
  console.log(
    'a:',
    await a.sh(
      'set +e; tail -n 1 /var/tmp/wd/w.log; kill -0 $(cat /var/tmp/wd/w.pid) && echo alive || echo gone',
    ),
  );
  await Promise.all(
    [a, b].map((h) => h.sh('kill -9 $(cat /var/tmp/wd/w.pid) || true; rm -f /var/tmp/wd/w.log; true')),
  );
}
await lab.down();
