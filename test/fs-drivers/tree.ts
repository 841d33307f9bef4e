import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Fills `root` with one of everything that a container's files may be. */
export async function makeHardTree(root: string): Promise<void> {
  const at = (name: string): string => join(root, name);
  const raw = (name: number[] | string): Buffer =>
    Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name as string)]);
  fs.mkdirSync(root, { recursive: true });
  fs.mkdirSync(at('empty'));
  fs.mkdirSync(at('deep/er/still'), { recursive: true });
  fs.writeFileSync(at('deep/er/still/file'), 'deep');
  for (const name of [
    '-rf',
    '--delete',
    ' lead',
    'trail ',
    '*',
    '?',
    '[a]',
    'new\nline',
    '\\#012',
    '%PATH%',
    '~',
    ':a:',
    '#',
  ])
    fs.writeFileSync(raw(name), name);
  // Every byte but / and NUL, in names that are not UTF-8.
  for (let byte = 1; byte < 256; byte++)
    if (byte !== 0x2f) fs.writeFileSync(raw([0x62, byte, 0xff]), `byte ${byte}`);
  fs.writeFileSync(raw('n'.repeat(255)), 'longest name');
  fs.writeFileSync(at('hard-1'), 'linked');
  fs.linkSync(at('hard-1'), at('hard-2'));
  fs.linkSync(at('hard-1'), at('deep/hard-3'));
  fs.symlinkSync('/nowhere/at/all', at('dangling'));
  fs.symlinkSync('../../../../no/such/place', at('leading-out'));
  fs.lutimesSync(at('dangling'), 1_000_000, 1_000_000.5);
  const sparse = fs.openSync(at('sparse'), 'w');
  fs.writeSync(sparse, 'start', 0);
  fs.writeSync(sparse, 'end', 64 * 1024 * 1024);
  fs.closeSync(sparse);
  const run = (command: string, ...args: string[]): unknown => execFileSync(command, args);
  run('mknod', at('null'), 'c', '1', '3');
  run('mknod', at('disk'), 'b', '7', '300');
  run('mkfifo', at('fifo'));
  run('mknod', '--mode=0640', at('pipe'), 'p');
  const listener = createServer().listen(at('socket'));
  await new Promise((resolve) => listener.once('listening', resolve));
  fs.renameSync(at('socket'), at('socket-kept'));
  await new Promise((resolve) => listener.close(resolve));
  fs.writeFileSync(at('setuid'), 'x');
  fs.chownSync(at('setuid'), 4_000_000_000, 100_000);
  fs.chmodSync(at('setuid'), 0o6751);
  fs.mkdirSync(at('sticky'));
  fs.chmodSync(at('sticky'), 0o3777);
  fs.writeFileSync(at('nothing-allowed'), 'x');
  fs.chmodSync(at('nothing-allowed'), 0);
  fs.lchownSync(at('leading-out'), 12_345, 54_321);
  run('setfattr', '-n', 'user.phaul', '-v', '0x00ff0a', at('hard-1'));
  run('setfattr', '-n', 'trusted.phaul', '-v', 'root only', at('empty'));
  // cap_net_bind_service+ep, as setcap writes it; a change of owner would wipe it.
  run(
    'setfattr',
    '-n',
    'security.capability',
    '-v',
    '0x0100000200040000000000000000000000000000',
    at('setuid'),
  );
  run('setfacl', '-m', 'u:1234:rwx,g:4321:r', at('hard-1'));
  run('setfacl', '-d', '-m', 'u:1234:rwx', at('deep'));
  run('touch', '-d', '2001-02-03 04:05:06.123456789', at('hard-1'));
  run('touch', '-d', '1969-12-31 23:59:58.000000001', at('-rf').replace('/-rf', '/./-rf'));
  run('touch', '-d', '2038-01-20 00:00:00.987654321', at('fifo'));
  run('touch', '-d', '2010-10-10 10:10:10.101010101', at('empty'));
}
