import { type FileHandle, open, readFile } from 'node:fs/promises';
import { eventVersion, type PhaulEvent, type ResultEvent } from '../observe/events.ts';
import { eventsFile } from './places.ts';

/** All that was kept of a migration's events; empty on its target, and where nothing was. */
export async function readEvents(directory: string): Promise<PhaulEvent[]> {
  return parsed(await readFile(eventsFile(directory), 'utf8').catch(() => ''));
}

// A result has one entry for each iteration, warning and tree.
const resultBytes = 2 ** 20;

/** The last of them, if it is the result; the others are not read. */
export async function readResult(directory: string): Promise<ResultEvent | null> {
  const text = await tailOf(eventsFile(directory)).catch(() => '');
  const [last] = parsed(text.slice(text.trimEnd().lastIndexOf('\n') + 1));
  return last?.type === 'result' ? last : null;
}

async function tailOf(path: string): Promise<string> {
  const file: FileHandle = await open(path);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, resultBytes);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString();
  } finally {
    await file.close();
  }
}

/** What was cut off, and what another release wrote in another form, is left out. */
function parsed(text: string): PhaulEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      const event = JSON.parse(line) as PhaulEvent;
      return event.version === eventVersion ? [event] : [];
    } catch {
      return [];
    }
  });
}
