import type { HostRole } from '../errors.ts';
import { advance, beforeTheStart } from './course.ts';
import { ending } from './ending.ts';
import type { PhaulEvent } from './events.ts';
import { inWords } from './happenings.ts';
import { plainText } from './plain-text.ts';

/** Something that was said at some instant. */
export interface Said {
  /** As Date.now(). */
  readonly at: number;
  /** The name of the host. */
  readonly host: string;
  /** `phaul`, `criu dump`. */
  readonly who: string;
  readonly text: string;
}

/** What phaul said, in words: all of it was heard on the source. @param names of the hosts */
export function saidByPhaul(
  events: readonly PhaulEvent[],
  names: Readonly<Record<HostRole, string>>,
): Said[] {
  let course = beforeTheStart;
  return events.flatMap((event) => {
    course = advance(course, event);
    const lines = event.type === 'result' ? ending(event, course) : inWords(event, { verbose: true });
    return lines.map((text) => ({ at: Date.parse(event.time), host: names[event.host], who: 'phaul', text }));
  });
}

// criu/log.c, print_ts: seconds since the log was begun.
const stamp = /^\((\d+\.\d+)\) ?/;

/**
 * What CRIU said. Its log has no time of day: that of the last line is when the file was written last, and from there the others are counted back. A line
 * without a stamp belongs to the one before it.
 * @param aheadMs by how much that host's clock is ahead of this one's
 */
export function saidByCriu(
  log: { readonly name: string; readonly text: string; readonly written: Date },
  host: string,
  aheadMs = 0,
): Said[] {
  const lines = log.text.split('\n').filter((line) => line.trim() !== '');
  const stamps = lines.map((line) => stamp.exec(line)?.[1]);
  const last = Number(stamps.findLast((each) => each !== undefined) ?? 0);
  const began = log.written.getTime() - aheadMs - last * 1000;
  let since = 0;
  return lines.map((line, index) => {
    since = Number(stamps[index] ?? since);
    return { at: began + since * 1000, host, who: `criu ${log.name}`, text: line.replace(stamp, '') };
  });
}

/** All of it in the order in which it was said, one line each. */
export function timeLine(all: readonly (readonly Said[])[]): string[] {
  const said = all.flat().sort((one, other) => one.at - other.at);
  const width = (of: (each: Said) => string): number =>
    said.reduce((most, each) => Math.max(most, of(each).length), 0);
  const [hosts, origins] = [width(({ host }) => host), width(({ who }) => who)];
  return said.map(({ at, host, who, text }) =>
    plainText(`${new Date(at).toISOString()}  ${host.padEnd(hosts)}  ${who.padEnd(origins)}  ${text}`),
  );
}
