// The whole examination of the htype lxc, where LXC is: on a host of the lab.
import test from 'ava';
import { Lab } from '../lab/lab.ts';
import { oneHierarchy } from '../lab/one-hierarchy.ts';

test.after.always(() => Lab.down());

test('the htype lxc passes the examination', async (t) => {
  const lab = await Lab.up();
  const host = lab.host('a');
  await oneHierarchy(host);
  const said = await host.sh('node /opt/phaul/dist/test/contract/lxc-on-host.js');
  t.regex(said, /^\d\d checks$/, said);
});
