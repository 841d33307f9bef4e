// What README and docs tell people to type is typed: each line that begins with `phaul`, in a block of shell, by somebody on the source.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { removeContainer } from '../lab/container.ts';
import { Lab } from '../lab/lab.ts';
import { projectDirectory } from '../lab/paths.ts';
import { startRedis } from '../lab/redis.ts';

const pages = [
  'README.md',
  ...readdirSync(join(projectDirectory, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  // As the docs call it.
  const names = ['a', 'b'].map((name) => `Host host${name}\n  HostName ${name}\n`).join('');
  for (const name of ['a', 'b'] as const)
    await lab.host(name).sh(`printf '%s' '${names}' >>/root/.ssh/config`);
});
test.after.always(() => Lab.down());

for (const page of pages)
  for (const command of commandsOf(readFileSync(join(projectDirectory, page), 'utf8')))
    test.serial(`${page}: ${command}`, async (t) => {
      t.teardown(async () => {
        for (const host of [lab.host('a'), lab.host('b')]) await removeContainer(host, 'ct101');
      });
      await startRedis(lab.host('a'), { mebibytes: 16 });
      const { exitCode, stdout, stderr } = await lab
        .host('a')
        .run(['bash', '-o', 'pipefail', '-c', command], { check: false });
      t.is(exitCode, 0, stdout + stderr);
    });

function commandsOf(text: string): Set<string> {
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = '']) => block);
  const lines = blocks.flatMap((block) => block.split('\n'));
  return new Set(lines.filter((line) => line.startsWith('phaul ')).map((line) => line.replace(/ +#.*/, '')));
}

/** What each host of these pages is told to do, from top to bottom: nothing that the one before it did is made anew. */
for (const page of ['docs/first-migration.md', 'docs/networks.md'])
  test.serial(`${page}, from top to bottom`, async (t) => {
    const text = readFileSync(join(projectDirectory, page), 'utf8');
    const blocks = [...text.matchAll(/^```sh (source|target)\n([^]*?)^```/gm)];
    t.true(blocks.length > 0);
    for (const [, role, block = ''] of blocks) {
      const host = lab.host(role === 'source' ? 'a' : 'b');
      const { exitCode, stdout, stderr } = await host.run(['bash', '-euo', 'pipefail', '-c', block], {
        check: false,
      });
      t.is(exitCode, 0, `${block}${stdout}${stderr}`);
    }
  });

test.serial('the container of the first migration counts on where it was', async (t) => {
  const text = readFileSync(join(projectDirectory, 'docs/first-migration.md'), 'utf8');
  const [made = '', started = ''] = [...text.matchAll(/^```sh source\n([^]*?)^```/gm)]
    .map(([, block = '']) => block)
    .filter((block) => /runc run|rootfs\/counter/.test(block));
  const [a, b] = [lab.host('a'), lab.host('b')];
  t.teardown(async () => {
    for (const host of [a, b])
      await host.sh('runc delete --force first; rm -rf /srv/first /srv/.phaul-left-first');
  });
  await a.sh(made);
  await a.sh(started);
  const count = async (host: typeof a): Promise<number> =>
    Number(await host.sh('cat /srv/first/rootfs/counter'));
  const before = await count(a);
  await a.run(['phaul', 'migrate', 'first', 'hostb']);
  await b.sh(`until [ "$(cat /srv/first/rootfs/counter)" -gt ${before + 1} ]; do sleep 0.1; done`);
  t.true((await count(b)) > before);
});
