// The whole examination of the htype runc, where runc is: on a host of the lab.
import test from 'ava';
import { Lab } from '../lab/lab.ts';

test.after.always(() => Lab.down());

test('the htype runc passes the examination', async (t) => {
  const lab = await Lab.up();
  const said = await lab.host('a').sh('node /opt/phaul/dist/test/contract/runc-on-host.js');
  t.regex(said, /^\d\d checks$/, said);
});
