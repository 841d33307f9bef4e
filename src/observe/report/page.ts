import { duration, sized } from '../amounts.ts';
import { comparisons } from '../comparisons.ts';
import { ending } from '../ending.ts';
import type { PhaulEvent, Summary } from '../events.ts';
import { actsChart } from './acts-chart.ts';
import { type Bar, barsChart } from './bars-chart.ts';
import { freezeChart } from './freeze-chart.ts';
import { freezeParts } from './freeze-parts.ts';
import { markup, type Markup } from './markup.ts';
import { type MigrationStory, migrationStory } from './migration-story.ts';
import { rateChart } from './rate-chart.ts';
import { style } from './style.ts';
import {
  estimateTable,
  filesTable,
  freezeTable,
  hostsTable,
  iterationsTable,
  optionsTable,
} from './tables.ts';

/** One migration as one page, which needs nothing else: no network, no script. Its events may end anywhere. */
export function reportPage(events: readonly PhaulEvent[]): string {
  const story = migrationStory(events);
  const { container, target } = story.course;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${container} → ${target}: migration ${story.migration}</title>
<style>${{ html: style }}</style>
</head>
<body>
${head(story)}
<main>
${[
  section('Time line', figure(actsChart(story))),
  freeze(story),
  iterations(story),
  section('Estimate and outcome', estimates(story)),
  section('Throughput of memory', figure(rateChart(story))),
  section('Warnings', warnings(story)),
  section('Files', story.files && story.files.files.length > 0 ? filesTable(story.files) : null),
  section('Hosts', story.hosts && hostsTable(story.hosts)),
  section('Options that were asked for', options(story)),
]}
</main>
<footer class="dim">Made by phaul from the events of migration ${story.migration}. This page loads nothing.</footer>
</body>
</html>
`;
  return page.html;
}

function section(title: string, content: Markup | null): Markup | null {
  return (
    content &&
    markup`<section><h2>${title}</h2>
${content}</section>
`
  );
}

/** @param caption what the chart shows, where the title does not say it */
function figure(chart: Markup | null, caption: string | null = null): Markup | null {
  if (!chart) return null;
  return markup`<figure class="scroll">${caption && markup`<figcaption>${caption}</figcaption>`}${chart}</figure>`;
}

function head(story: MigrationStory): Markup {
  const { course, migration, began, result, endMs } = story;
  const { container, target, mode } = course;
  const [state, kind] = stateOf(story);
  const lines = result ? ending(result, course) : [];
  const summary = result?.ok && 'acts' in result ? result : null;
  return markup`<header>
<h1>${container} → ${target}</h1>
<p class="dim">${mode} mode · ${began.slice(0, 19).replace('T', ' ')} UTC · ${migration}</p>
<p class="state ${kind}">${state}</p>
${lines.map((line) => markup`<p>${line}</p>\n`)}
<dl class="tiles">${tiles(story, summary, endMs).map(
    ([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>
</header>`;
}

function stateOf({ result }: MigrationStory): [string, string] {
  if (!result) return ['It has not ended.', ''];
  if (result.ok && !('acts' in result)) return ['A rehearsal: nothing was moved.', ''];
  return result.ok ? ['It worked.', 'good'] : [`It did not work: ${result.error.code}`, 'bad'];
}

function tiles({ course }: MigrationStory, summary: Summary | null, endMs: number): [string, string][] {
  const count: [string, string] = ['Iterations', String(course.iterations.length)];
  if (!summary) return [['In all', duration(endMs)], count];
  const { freezeMs, mode, bytes } = summary;
  return [
    [mode === 'live' ? 'Stood still' : 'Was stopped', duration(freezeMs)],
    ['In all', duration(endMs)],
    ...(mode === 'live' ? [['Memory', sized(bytes.mem)] as [string, string]] : []),
    ['Files', sized(bytes.fs)],
    count,
  ];
}

function estimates({ result }: MigrationStory): Markup | null {
  const compared = result?.ok && 'acts' in result ? comparisons(result) : [];
  return compared.length === 0 ? null : estimateTable(compared);
}

function freeze(story: MigrationStory): Markup | null {
  const parts = freezeParts(story);
  if (parts.length === 0) return null;
  const title = story.course.mode === 'live' ? 'The freeze' : 'The time between stop and start';
  const expected = story.course.iterations.at(-1)?.predictedFreezeMs ?? null;
  const words = expected === null ? '' : `Expected when the iterations ended: ${duration(expected)}.`;
  return section(
    title,
    markup`${figure(freezeChart(parts))}${freezeTable(parts, story.course.mode)}<p class="dim">${words}</p>`,
  );
}

function iterations({ course, result }: MigrationStory): Markup | null {
  const { iterations: rounds, mode, reason } = course;
  if (rounds.length === 0)
    return section('Iterations', reason === null ? null : markup`<p>${sentence(reason)}</p>`);
  const why = reason === null ? null : markup`<p class="dim">Why there were no more: ${reason}.</p>`;
  const live = mode === 'live';
  const summary = result?.ok && 'pages' in result ? result : null;
  const bars: Bar[] = rounds.map(({ number, pages, changedBytes }) => ({
    name: String(number),
    value: live ? pages : changedBytes,
    still: false,
  }));
  if (summary) bars.push({ name: live ? 'freeze' : 'stopped', value: lastRound(summary), still: true });
  const [label, words] = live
    ? ['Pages of memory in each round', (value: number) => String(value)]
    : ['Bytes of changed files in each round', sized];
  return section(
    'Iterations',
    markup`${figure(barsChart(label, bars, words), label)}${iterationsTable(rounds, live)}${why}`,
  );
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

/** What moved while the container stood still. */
function lastRound({ mode, pages, bytes, iterations: rounds }: Summary): number {
  return mode === 'live' ? pages - rounds.reduce((sum, each) => sum + each.pages, 0) : bytes.lastSync;
}

function warnings({ warnings: texts }: MigrationStory): Markup | null {
  return texts.length === 0 ? null : markup`<ul>${texts.map((text) => markup`<li>${text}</li>`)}</ul>`;
}

function options({ start }: MigrationStory): Markup | null {
  const asked = start?.options ?? {};
  return Object.keys(asked).length === 0 ? null : optionsTable(asked);
}
