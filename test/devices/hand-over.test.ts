import test from 'ava';
import { framesOf } from '../../devices/network/hand-over.ts';
import { fitting } from '../../src/migration/devices.ts';

test('what came for a container of many links is carried over in one message', (t) => {
  const frame = Buffer.alloc(1500);
  const flooded = {
    take: (most: number) => Array.from({ length: Math.ceil(Math.max(0, most) / frame.length) }, () => frame),
  };
  const held = new Map(Array.from({ length: 16 }, (_, link) => [`eth${link}`, flooded]));
  const frames = framesOf(held);
  t.true((frames['eth0']?.length ?? 0) > 100);
  t.deepEqual(frames['eth15'], []);
  t.true(JSON.stringify(frames).length < 512 << 10);
});

test('what devices hand over must fit into the word', (t) => {
  const most = 'x'.repeat(512 << 10);
  t.deepEqual(fitting([null, most]), [null, most]);
  t.throws(() => fitting([most, most]), { code: 'DRIVER_FAILED', message: /hand over 1.0 MiB/ });
});
