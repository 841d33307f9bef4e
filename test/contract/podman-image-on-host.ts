// Examines the fs driver podman-image, on a host that has podman. Prints what failed, and on the last line how many checks there were.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { podmanImage } from '../../fs-drivers/podman-image/podman-image.ts';
import { fsDriverChecks, type Scene, type Sealed } from '../../src/testing/index.ts';
import { picture } from '../../src/testing/picture.ts';

const sh = (script: string, ...args: string[]): string =>
  execFileSync('sh', ['-euc', script, 'sh', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const ids = (file: string): string[] =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { id: string }[]).map(({ id }) => id) : [];
const names = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory).sort() : []);

/** Images of one layer, each host with a storage of its own. */
const sealed: Sealed = {
  make: (files, source, target) => {
    const id = sh(
      'tar -C "$1" -c . | podman --root "$2" import --quiet - localhost/exam:1',
      files,
      join(source, 'storage'),
    );
    const at = (host: string): string =>
      join(host, 'storage/overlay-images', id.trim().replace('sha256:', ''));
    return { source: at(source), target: at(target) };
  },
  // Locks and the like, which podman makes when it first looks, are not for anybody to see; nor are images' names, which do not travel.
  picture: (host) => {
    const storage = join(host, 'storage');
    const layers = names(join(storage, 'overlay')).filter((name) => /^[0-9a-f]{64}$/.test(name));
    return [
      ...ids(join(storage, 'overlay-images/images.json')),
      ...ids(join(storage, 'overlay-layers/layers.json')),
      ...names(join(storage, 'overlay-images')).filter((name) => !name.includes('.')),
      ...layers.flatMap((layer) => [layer, ...picture(join(storage, 'overlay', layer, 'diff'))]),
      // Where images wait that are on their way.
      ...names('/var/tmp').filter((name) => name.startsWith('phaul-image-')),
    ];
  },
};

// overlayfs does not go on the overlayfs that is the host's own root.
const ground = '/var/lib/containers/exam';
mkdirSync(ground);
const home = ({ after }: Scene): string => {
  const directory = mkdtempSync(join(ground, 'home-'));
  // podman has its storage mounted over itself.
  after(() =>
    sh(
      'for part in source target; do umount -q "$1/$part/storage/overlay" || :; done; rm -rf "$1"',
      directory,
    ),
  );
  return directory;
};

const checks = fsDriverChecks(podmanImage, { home, sealed });
for (const { name, run } of checks)
  await run().catch((error: unknown) => {
    console.log(`${name}: ${String(error)}`);
  });
console.log(`${checks.length} checks`);
