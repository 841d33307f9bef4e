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
  await lab.host('a').sh(`printf 'Host hostb\\n  HostName b\\n' >>/root/.ssh/config`);
});
test.beforeEach(() => startRedis(lab.host('a'), { mebibytes: 16 }));
test.afterEach.always(async () => {
  for (const host of [lab.host('a'), lab.host('b')]) await removeContainer(host, 'ct101');
});
test.after.always(() => Lab.down());

for (const page of pages)
  for (const command of commandsOf(readFileSync(join(projectDirectory, page), 'utf8')))
    test.serial(`${page}: ${command}`, async (t) => {
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
