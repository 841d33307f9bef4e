import * as z from 'zod';
import { type Method, methods } from '../../../src/rpc/methods.ts';
import { code, table } from './markdown.ts';
import { named, type Schema, typeOf } from './schema-text.ts';

interface Note {
  /** Phases of the target's session in which the call is allowed, and the phase it leads to. */
  readonly phases: string;
  readonly does: string;
}

/** What the schemas do not say. A method without a note is a type error. */
const notes: Readonly<Record<Method, Note>> = {
  hello: {
    phases: 'new → greeted',
    does: 'Compares the protocol versions, after the target has gone on with what a phaul that died left behind there. Its form never changes, in no version of the protocol.',
  },
  survey: {
    phases: 'greeted',
    does: 'Preflight: asks drivers whether they suit trees, with what their other halves saw on the source. Changes nothing. Gives a reason for each candidate, null where the driver does not suit.',
  },
  check: {
    phases: 'greeted, checked → checked',
    does: 'Preflight on the target. Changes nothing. Gives all refusals at once.',
  },
  begin: {
    phases: 'checked → begun',
    does: 'Takes the container for this migration alone, begins the journal, posts the guard. Makes the working directory, listens for the streams of the mem and fs channels, lets the fs drivers get ready.',
  },
  attach: {
    phases: 'begun',
    does: 'Live mode. Takes two mem streams, which the source has just opened: the first for the pages of all dumps, the second for the images. Nobody listens for direct ones any more.',
  },
  prepare: {
    phases: 'begun → prepared',
    does: 'The files are there for the first time: the devices begin, the runtime gets ready for the mode.',
  },
  arm: {
    phases: 'prepared → armed',
    does: 'Live mode. Starts the CRIU that will restore.',
  },
  standBy: {
    phases: 'armed or prepared → standby',
    does: 'Only if there are devices of a driver with the capability `takeOver`. They are about to be taken over: from here the target undoes nothing by itself when the connection breaks, and remembers the migration.',
  },
  takeOver: {
    phases: 'standby → taken',
    does: 'The source has let go of all devices, its journal says `handed`, and the container is held there: the devices are taken over. Answered when they are usable. The source takes nothing back before `abort` has been answered. Until all are given up here that takes as long as it takes.',
  },
  checkpoint: {
    phases: 'armed or taken → restored',
    does: 'Live mode. The checkpoint is complete. With `last` true nothing follows: restore up to the point where every task exists and none has run. `last` false ("more follow") has its place here and is refused in this version. Once it is answered the target waits for the word, connected or not.',
  },
  ready: {
    phases: 'prepared or taken → restored',
    does: 'Revive mode. The last files are there. Where a driver has put another directory in the place of a tree, the runtime is made to see it. Once it is answered the target waits for the word, connected or not.',
  },
  commit: {
    phases: 'restored → committed',
    does: 'The decision: let the container run. The devices are opened first: in live mode when all of its sockets are whole and before its first task runs, in revive mode before it is started. Answered in live mode when CRIU has given its final word, in revive mode when the container has been running for a moment, or at once if it is to be left stopped. `undone` means that nothing runs on the target, and nothing will. Asked once more, over this connection or another, it gives the same answer.',
  },
  fill: {
    phases: 'committed',
    does: 'Live mode. Answered when all memory of the container is in place. Notices of `filling` come meanwhile.',
  },
  finish: {
    phases: 'committed, aborted → finished',
    does: 'The source knows how it ended, and asks nothing more. Tidy up, and forget the migration.',
  },
  abort: {
    phases: 'any → aborted',
    does: 'Undo everything, at once: this call does not wait for the one that is being worked on, it stops it. Gives what could not be undone. If the container has been let run, it stays: the answer is that of `commit`.',
  },
  logs: {
    phases: 'greeted',
    does: 'Instead of a migration: gives what this host remembers of one whose target it is or was, for `phaul logs` on the source. Changes nothing.',
  },
  resume: {
    phases: 'greeted',
    does: 'On a new connection: what became of a migration whose connection broke? `open`: its session is at work on the target; `commit`, `fill`, `abort` and `finish` on this connection go to it. `landed`, `undone`: so says the journal. `unknown`: nothing is remembered of it. See [handover.md](handover.md).',
  },
};

/** The rpc channel's calls, as Markdown: what each does, then what goes in and comes out. */
export function methodsTable(): string {
  const all = Object.entries(methods) as [Method, (typeof methods)[Method]][];
  const meanings = all.map(([name]) => [code(name), notes[name].phases, notes[name].does]);
  const shapes = all.map(([name, { params, result }]) =>
    [name, ...members('params', params), ...members('result', result)].join('\n'),
  );
  return [
    table(['Method', 'Phases', 'What the target does'], meanings),
    'What goes in and comes out; `{}` where nothing does:',
    ['```text', shapes.join('\n\n'), '```'].join('\n'),
  ].join('\n\n');
}

/** One answer of several is told by its `outcome`. */
function members(title: string, schema: z.ZodType): string[] {
  const shape = z.toJSONSchema(schema, { unrepresentable: 'any' }) as Schema;
  if (!shape.oneOf) return titled(title, shape);
  return shape.oneOf.flatMap((each, index) => titled(index === 0 ? title : `or ${title}`, each as Schema));
}

function titled(title: string, { properties = {}, required = [] }: Schema): string[] {
  const lines = Object.entries(properties).map(
    ([name, each]) => `    ${named(name, required)}: ${typeOf(each as Schema)}`,
  );
  return lines.length === 0 ? [`  ${title} {}`] : [`  ${title}`, ...lines];
}
