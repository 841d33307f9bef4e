import { droppedTally } from '../history/dropped.ts';
import { pasts } from '../history/past.ts';
import { historyBase } from '../history/places.ts';
import { stories } from '../journal/journal.ts';
import { families, type Family } from './families.ts';

/** Prometheus's text format, version 0.0.4. */
export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** What this host knows of migrations, now. */
export async function metricsText(): Promise<string> {
  const known = { pasts: await pasts(), dropped: droppedTally(historyBase), stories: await stories() };
  return families(known).map(exposed).join('');
}

export function exposed({ name, type, help, series }: Family): string {
  const values = Object.entries(series).map(([key, value]) => `${key} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${values.join('')}`;
}
