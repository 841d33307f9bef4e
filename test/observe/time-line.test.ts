import test from 'ava';
import { saidByCriu, saidByPhaul, timeLine } from '../../src/observe/time-line.ts';
import { event, summary } from './events.ts';

const names = { source: 'a', target: 'hostb' };
const written = new Date('2026-01-02T03:04:06.000Z');

test("CRIU's seconds become times of day, counted back from its last line", (t) => {
  const text = '(00.000100) Version: 4.2\n(00.500000) Dumping\n  more of it\n(02.000000) done\n\n';
  t.deepEqual(timeLine([saidByCriu({ name: 'dump', text, written }, 'a')]), [
    '2026-01-02T03:04:04.000Z  a  criu dump  Version: 4.2',
    '2026-01-02T03:04:04.500Z  a  criu dump  Dumping',
    '2026-01-02T03:04:04.500Z  a  criu dump    more of it',
    '2026-01-02T03:04:06.000Z  a  criu dump  done',
  ]);
});

test('a log that says nothing yet says nothing', (t) => {
  t.deepEqual(saidByCriu({ name: 'dump', text: '', written }, 'a'), []);
});

test('what was said is in one order, whoever said it', (t) => {
  const events = [
    event({ type: 'start', container: 'ct101', target: 'hostb', mode: 'live' }),
    event({ type: 'running', freezeMs: 153.4 }, 'target'),
  ];
  const text = '(00.000000) early\n(09.000000) late\n';
  const lines = timeLine([
    // That host's clock is a second ahead.
    saidByCriu({ name: 'restore', text, written: new Date('2026-01-02T03:04:11.000Z') }, 'hostb', 1000),
    saidByPhaul(events, names),
  ]);
  t.deepEqual(lines, [
    '2026-01-02T03:04:01.000Z  hostb  criu restore  early',
    '2026-01-02T03:04:05.678Z  a      phaul         ct101 → hostb (live)',
    '2026-01-02T03:04:05.678Z  hostb  phaul         it runs on the target, after standing still for 153 ms',
    '2026-01-02T03:04:10.000Z  hostb  criu restore  late',
  ]);
});

test('the end is told in words', (t) => {
  const [first] = saidByPhaul([event({ type: 'result', ok: true, ...summary })], names);
  t.is(first?.text, 'ct101 runs on hostb (pid 4711 there). It stood still for 153 ms.');
});

test('nothing in it steers the terminal', (t) => {
  const text = '(00.000000) open /tmp/\u001b[2J\u202egnp.exe\n';
  const [line] = timeLine([saidByCriu({ name: 'dump', text, written }, 'a')]);
  t.is(line, '2026-01-02T03:04:06.000Z  a  criu dump  open /tmp/ [2J gnp.exe');
});
