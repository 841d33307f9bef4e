import { readFileSync } from 'node:fs';
import type { PhaulEvent } from '../../../src/observe/events.ts';

export const runs = ['live', 'live-with-iterations', 'revive', 'refused', 'unknown', 'dry-run'] as const;

/** A recorded run. */
export function eventsOf(run: (typeof runs)[number]): PhaulEvent[] {
  const text = readFileSync(new URL(`../runs/${run}.jsonl`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as PhaulEvent);
}

/** What would be done if it were taken for HTML. */
export const hostile =
  '<script>document.title = "taken"</script><img src=x onerror=alert(1)>" onload=\'x\' &amp; \u202e';

/** A run in which every text is hostile. */
export function hostileRun(): PhaulEvent[] {
  const poisoned = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((each) => poisoned(each, key));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, poisoned(each, name)]));
    return typeof value === 'string' && !['type', 'act', 'mode', 'host', 'time'].includes(key)
      ? hostile
      : value;
  };
  const events = eventsOf('live-with-iterations').map((event) => poisoned(event) as PhaulEvent);
  const [start] = events;
  if (start?.type !== 'start') throw new Error('no start');
  const { container: _container, target: _target, ...stamp } = start;
  const features = { memTrack: true, lazyPages: true, plug: null };
  const host = { name: hostile, phaul: hostile, criu: hostile, kernel: hostile, ...features };
  return [
    { ...start, options: { [hostile]: hostile } },
    { ...stamp, type: 'hosts', source: host, target: host } as PhaulEvent,
    { ...stamp, type: 'warning', text: hostile } as PhaulEvent,
    {
      ...stamp,
      type: 'files',
      files: [{ driver: hostile, trees: [hostile], reason: hostile }],
    } as PhaulEvent,
    ...events.slice(1),
  ];
}
