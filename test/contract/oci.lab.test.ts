// The whole examination of the htypes runc and crun, where these are: on a host of the lab.
import test from 'ava';
import { Lab } from '../lab/lab.ts';
import { oneHierarchy } from '../lab/one-hierarchy.ts';

test.after.always(() => Lab.down());

for (const runtime of ['runc', 'crun'])
  test.serial(`the htype ${runtime} passes the examination`, async (t) => {
    const host = (await Lab.up()).host('a');
    if (runtime === 'crun') await oneHierarchy(host);
    const said = await host.sh(`node /opt/phaul/dist/test/contract/oci-on-host.js ${runtime}`);
    t.regex(said, /^\d\d checks$/, said);
  });
