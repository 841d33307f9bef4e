import { execFileSync } from 'node:child_process';

/** The value of each series, by its name and labels as they are written. */
export type Values = ReadonlyMap<string, number>;

const labelled = /^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?)$/;
const suffixes = { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] } as const;
const units = ['_seconds', '_bytes', '_info'];

/** @throws Error if it is anything but what docs.prometheus.io says of the text format, and of names */
export function strictly(text: string): Values {
  const values = new Map<string, number>();
  let family: { name: string; type: keyof typeof suffixes } | null = null;
  let help = '';
  const seen = new Set<string>();
  const wrong = (line: string, why: string): never => {
    throw new Error(`${why}: ${line}`);
  };
  if (!text.endsWith('\n')) wrong(text.slice(-80), 'the last line has no end');
  for (const line of text.split('\n').slice(0, -1)) {
    const [, helped] = /^# HELP ([a-z_]+) [A-Z][^\\]*\.$/.exec(line) ?? [];
    const [, typed, type] = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (helped !== undefined) help = helped;
    else if (typed !== undefined) {
      if (help !== typed) wrong(line, 'no help before it');
      if (seen.has(typed)) wrong(line, 'twice');
      seen.add(typed);
      family = { name: typed, type: type as keyof typeof suffixes };
      if (!typed.startsWith('phaul_')) wrong(line, 'not our prefix');
      if ((type === 'counter') !== typed.endsWith('_total'))
        wrong(line, 'counters, and only they, end with _total');
      if (/(_ms|_milliseconds|_kib|_mib|_minutes)/.test(typed)) wrong(line, 'not a base unit');
      if (type === 'histogram' && !units.some((unit) => typed.endsWith(unit))) wrong(line, 'no unit');
    } else {
      const [, name = '', labels = '', value] = labelled.exec(line) ?? wrong(line, 'not a sample');
      const { name: of, type } = family ?? wrong(line, 'of no family');
      if (!suffixes[type].some((suffix) => name === of + suffix)) wrong(line, `in the family ${of}`);
      const key = `${name}{${labels}}`;
      if (values.has(key)) wrong(line, 'twice');
      values.set(key, Number(value));
    }
  }
  checkHistograms(values);
  return values;
}

function checkHistograms(values: Values): void {
  let last = 0;
  for (const [key, value] of values) {
    if (!key.includes('_bucket{')) continue;
    if (key.includes('le="0.05"') || (key.includes('le="1"') && !key.includes('freeze'))) last = 0;
    if (value < last) throw new Error(`${key} is less than the bucket before it`);
    last = value;
    const count = values.get(key.replace('_bucket{', '_count{').replace(/,le="\+Inf"/, ''));
    if (key.includes('+Inf') && count !== value) throw new Error(`${key} is not the count`);
  }
}

const program = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([[s.name, s.labels, s.value] for f in text_string_to_metric_families(sys.stdin.read()) for s in f.samples]))`;

/** As Prometheus's own library for Python reads it. */
export function asPrometheusReads(text: string): Values {
  const read = execFileSync('/usr/bin/python3', ['-c', program], { input: text, encoding: 'utf8' });
  const samples = JSON.parse(read) as [string, Record<string, string>, number][];
  return new Map(
    samples.map(([name, labels, value]) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      return [`${name}{${pairs.join(',')}}`, value];
    }),
  );
}
