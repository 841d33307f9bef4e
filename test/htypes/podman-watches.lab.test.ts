// What a container of podman's watches with inotify: its root is an overlay, where CRIU cannot ask the file system for a file's name.
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { phaul } from '../migration/phaul.ts';
import { moved, podmanLab, start, until } from './podman-stage.ts';

const hosts = podmanLab();

// The lab's Python has no way to call inotify, and its busybox no inotifyd. The numbers are x86-64's: inotify_init1, inotify_add_watch; IN_CREATE, IN_MODIFY.
const watcher = `
$| = 1; my $fd = syscall(294, 0); my %names;
for my $path (@ARGV) { my $watch = syscall(254, $fd, $path, 0x102); die "$path: $!" if $watch < 0; $names{$watch} = $path }
open(my $events, '<&=', $fd); print "watching\\n";
while (sysread($events, my $bytes, 4096)) {
  while (length $bytes) {
    my ($watch, $mask, $cookie, $length) = unpack('iIII', $bytes);
    print $names{$watch}, ' ', unpack('Z*', substr($bytes, 16, $length)), "\\n";
    $bytes = substr($bytes, 16 + $length);
  }
}`;

/** Watches these in a container, with a script to be run before. */
async function watching(host: Host, paths: string, before: string): Promise<void> {
  await host.sh('mkdir -p /srv/bound; cp /usr/bin/perl /lib/x86_64-linux-gnu/libcrypt.so.1 /srv/bound');
  await host.write('/srv/bound/watcher.pl', watcher);
  await start(
    host,
    'web',
    `${before}; LD_LIBRARY_PATH=/bound exec /bound/perl /bound/watcher.pl ${paths}`,
    '-v data:/data -v /srv/bound:/bound --tmpfs /memory',
  );
  await until(async () => (await host.sh('podman logs web')).includes('watching'));
}

const watched = ['/', '/etc', '/opt/deep/er', '/opt/file', '/data', '/data/sub', '/memory'];

test.serial(
  'what was watched in an overlay, a volume and a tmpfs still is after a move, and one back',
  async (t) => {
    const [a, b] = hosts();
    const make = 'mkdir -p /opt/deep/er /data/sub; echo >/opt/file';
    await watching(a, watched.join(' '), make);
    const expected = ['watching'];
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      await moved(t, from, ['web', to.name]);
      for (const path of watched) {
        const name = `on-${to.name}`;
        const isFile = path.endsWith('file');
        await to.sh(`podman exec web sh -c '${isFile ? `echo more >>${path}` : `mkdir ${path}/${name}`}'`);
        expected.push(isFile ? `${path} ` : `${path} ${name}`);
      }
      const told = async (): Promise<string[]> =>
        (await to.sh('podman logs web; echo .')).split('\n').slice(0, -1);
      await until(async () => (await told()).length >= expected.length);
      t.deepEqual(await told(), expected);
    }
  },
);

test.serial('a watched file that no name leads to any more is refused', async (t) => {
  const [a] = hosts();
  await watching(a, '/opt/gone /opt/here', 'mkdir /opt; echo >/opt/gone; echo >/opt/here; exec 3</opt/gone');
  t.is((await phaul(a, ['web', 'b'], 'check')).exitCode, 0);
  await a.sh('podman exec web rm /opt/gone');
  const { exitCode, error } = await phaul(a, ['web', 'b'], 'check');
  t.is(exitCode, 3);
  t.like(error?.refusals, { length: 1 });
  t.like(error?.refusals?.[0], { code: 'WATCH_UNSUPPORTED' });
  t.regex(
    error?.refusals?.[0]?.message ?? '',
    /^perl .* watches a file in \/ \(overlay\) to which no name leads/,
  );
});
