import { mkdirSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { aptOptions, debianMirror } from '../lab/mirror.ts';

/**
 * What makes `apt install` say what it would fetch for a Debian 13 that has nothing yet, whatever this machine is. To have it say in which order it would install that takes
 * three times as long.
 * @param home an empty directory
 * @returns its environment
 */
export async function emptyDebian(home: string): Promise<NodeJS.ProcessEnv> {
  for (const directory of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(home, directory), { recursive: true });
  writeFileSync(join(home, 'status'), '');
  writeFileSync(join(home, 'sources.list'), `deb [trusted=yes] ${debianMirror()} trixie main\n`);
  const settings = [
    'APT::Get::Print-URIs "true"',
    `Dir::State::status "${home}/status"`,
    `Dir::State::Lists "${home}/lists"`,
    `Dir::Cache "${home}/cache"`,
    `Dir::Etc::SourceList "${home}/sources.list"`,
    'Dir::Etc::SourceParts "/dev/null"',
    'Dir::Etc::PreferencesParts "/dev/null"',
    ...aptOptions().map((option) => option.replace(/;$/, '')),
  ];
  writeFileSync(join(home, 'apt.conf'), settings.map((setting) => `${setting};\n`).join(''));
  const env = { ...process.env, APT_CONFIG: join(home, 'apt.conf'), LC_ALL: 'C' };
  await promisify(execFile)('apt-get', ['update', '--option', 'APT::Get::Print-URIs=false'], { env });
  return env;
}
