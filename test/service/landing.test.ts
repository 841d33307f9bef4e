import test from 'ava';
import type { Journal } from '../../src/journal/journal.ts';
import { landing } from '../../src/service/landing.ts';
import type { Room } from '../../src/service/room.ts';

/** A target that is complete, whose disk is full from a record on. */
function stage(full: 'committed' | 'landed' | 'undone', start: () => Promise<{ pid: number }>) {
  const did: string[] = [];
  let isFull = false;
  const note = (what: string) => (): Promise<void> => Promise.resolve(void did.push(what));
  const record: Journal['record'] = (state) => {
    isFull ||= state === full;
    return isFull ? Promise.reject(new Error('ENOSPC')) : note(state)();
  };
  const room = {
    parts: {
      container: { abort: note('container undone') },
      devices: { activate: note('open'), silence: note('silence'), abort: note('devices undone') },
    },
    journal: { record } as Journal,
    restore: {
      letGo: async (open: () => Promise<void>) => {
        await open();
        return start();
      },
      kill: note('killed'),
    },
    say: (_: string, text: string) => did.push(text),
  };
  return { room: room as unknown as Room, did };
}

const runs = (): Promise<{ pid: number }> => Promise.resolve({ pid: 7 });
const fails = (): Promise<never> => Promise.reject(new Error('no'));
const full = "The target's journal cannot be written: ENOSPC";

test('a target that cannot write down that it takes the container gives it back at once', async (t) => {
  const { room, did } = stage('committed', runs);
  t.like(await landing(room, []).outcome, { outcome: 'undone', error: { message: 'ENOSPC' } });
  t.deepEqual(did, ['silence', 'killed', 'container undone', 'devices undone', full]);
});

test('what did not start is given back, whatever can be written', async (t) => {
  const { room, did } = stage('undone', fails);
  t.like(await landing(room, []).outcome, { outcome: 'undone', error: { message: 'no' } });
  t.is(did.at(-1), full);
});

test('what runs has landed, whatever can be written', async (t) => {
  const { room, did } = stage('landed', runs);
  t.like(await landing(room, []).outcome, { outcome: 'landed', pid: 7 });
  t.deepEqual(did, ['committed', 'open', full]);
});
