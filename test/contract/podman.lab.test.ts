// The whole examination of what moves podman's containers, where podman is: on a host of the lab.
import test from 'ava';
import { Lab } from '../lab/lab.ts';
import { preparePodman } from '../lab/podman.ts';

test.after.always(() => Lab.down());

for (const [what, program] of [
  ['htype podman', 'podman-on-host'],
  ['fs driver podman-image', 'podman-image-on-host'],
])
  test.serial(`the ${what} passes the examination`, async (t) => {
    const lab = await Lab.up();
    const host = lab.host('a');
    await preparePodman(host, lab.host('b'));
    const said = await host.sh(`node /opt/phaul/dist/test/contract/${program}.js`);
    t.regex(said, /^\d\d checks$/, said);
  });
