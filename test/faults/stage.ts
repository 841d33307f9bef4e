import type { Lab } from '../lab/lab.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';

/** The two hosts that a container goes between. */
export const pair = (lab: Lab): readonly [NamespaceHost, NamespaceHost] => [lab.host('a'), lab.host('b')];

const wrapper = `#!/bin/sh
export NODE_OPTIONS=--import=/opt/phaul/test/faults/injector.mjs
exec node /opt/phaul/dist/bundle/src/cli/main.js "$@"
`;

// /faults is where injector.mjs and strike.ts talk. The disks are small ones, so that they can be filled, and the container has
// little to copy, so that the cases are short.
const script = `
mkdir /faults /var/lib/phaul /tmp/srv
mount -t tmpfs faults /faults
mount -t tmpfs -o size=1m,mode=700 journals /var/lib/phaul
cp -a /srv/. /tmp/srv
mount -t tmpfs -o size=100m,mode=755 disk /srv
mv /tmp/srv/* /srv; rmdir /tmp/srv
cd /srv/rootfs-redis/usr/lib/python3.*
find . -mindepth 1 -maxdepth 1 -type d -not -name encodings -not -name importlib -not -name collections -not -name re -exec rm -r {} +
: >/run/witness
chmod 755 /usr/local/bin/phaul`;

/** Makes the hosts of a fresh lab ready for faults: the injector in every phaul, disks that can be filled. */
export async function setStage(lab: Lab): Promise<void> {
  await Promise.all(
    pair(lab).map(async (host) => {
      await host.write('/usr/local/bin/phaul', wrapper);
      await host.sh(script);
    }),
  );
}
