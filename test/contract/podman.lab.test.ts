// The whole examination of the htype podman, where podman is: on a host of the lab.
import test from 'ava';
import { Lab } from '../lab/lab.ts';
import { preparePodman } from '../lab/podman.ts';

test.after.always(() => Lab.down());

test('the htype podman passes the examination', async (t) => {
  const lab = await Lab.up();
  const host = lab.host('a');
  await preparePodman(host, lab.host('b'));
  const said = await host.sh('node /opt/phaul/dist/test/contract/podman-on-host.js');
  t.regex(said, /^\d\d checks$/, said);
});
