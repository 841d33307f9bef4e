// `npm run record`: keeps what the two ends of this protocol version say to each other in a live and in a revive migration.
import { writeFileSync } from 'node:fs';
import { protocolVersion } from '../../src/rpc/methods.ts';
import { Lab } from '../lab/lab.ts';
import { migrate } from '../lab/migrate.ts';
import { freshRedis } from '../migration/stage.ts';
import { recordingPath } from './recordings.ts';

process.env['PHAUL_LAB'] ??= 'record';

/** What belongs to the machine on which it was recorded, or is long and says nothing. */
const instead: Readonly<Record<string, unknown>> = {
  secret: Buffer.alloc(32).toString('base64'),
  kernel: '6.12.0',
  cpuinfo: 'AAAA',
};
const plain = (key: string, value: unknown): unknown => (value === null ? null : (instead[key] ?? value));

/** A recorded line as it goes into the file; null: of the signs of life the first of each end is enough. */
function kept(recorded: string, seen: Set<string>): string | null {
  const [from, line] = JSON.parse(recorded) as [string, string];
  const said = line.startsWith('{') ? JSON.parse(line, plain) : line;
  const text = JSON.stringify([from, said]);
  if (line.includes('"alive"') && seen.has(text)) return null;
  seen.add(text);
  return text;
}

const lab = await Lab.up();
try {
  const host = lab.host('a');
  await host.sh('ln -s /opt/phaul/test/rpc/record-ssh.mjs /usr/local/bin/ssh');
  for (const mode of ['live', 'revive'] as const) {
    await freshRedis(lab);
    await host.sh('rm -f /run/phaul-said');
    const result = await migrate(host, 'b', 'ct101', { args: ['--mode', mode] });
    if (!result.ok) throw new Error(`the ${mode} migration failed: ${result.error.message}`);
    if (result.warnings.length > 0) throw new Error(`not as it should be: ${result.warnings.join(' ')}`);
    const seen = new Set<string>();
    const lines = (await host.read('/run/phaul-said')).trimEnd().split('\n');
    const text = lines.flatMap((line) => kept(line, seen) ?? []).join('\n');
    const path = recordingPath(protocolVersion, mode);
    writeFileSync(path, `${text}\n`);
    console.log(path);
  }
} finally {
  await lab.down();
}
