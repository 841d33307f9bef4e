import { parseArgs } from 'node:util';
import { Lab } from '../lab/lab.ts';
import { labId, VmLab } from '../lab/vm/vm-lab.ts';
import type { Benchmark, VmBenchmark } from './benchmark.ts';
import { benchmarks } from './benchmarks.ts';
import { measure, type Outcome } from './harness.ts';
import { takePrecedence } from './priority.ts';
import { jsonLine, table } from './render.ts';

const usage = `Measures phaul, and next to it what one would do by hand, on hosts made of namespaces or virtual machines.

  npm run bench -- [NAME…] [--json] [--runs N]

${benchmarks.map(({ name, description, lab }) => `  ${name.padEnd(18)} ${description}${lab === 'vm' ? ' (*)' : ''}`).join('\n')}

  (*) on virtual machines, where a run takes minutes: only if it is named, and nothing warms up

  --json    one line of JSON for each, on stdout
  --runs N  pairs of runs that count, 5 by default; one more goes before, to warm up

Exit code 1 if a run did not go as promised; no number is too bad. docs/benchmarks.md says more.`;

process.exitCode = await main();

async function main(): Promise<number> {
  const command = parse();
  if (typeof command === 'number') return command;
  const { chosen, json, runs } = command;
  // A lab of its own, so that one in use by hand is left alone.
  const name = process.env['PHAUL_LAB'] ?? 'bench';
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => void down(name).finally(() => process.exit(code)));

  const outcomes: Outcome[] = [];
  try {
    for (const benchmark of chosen) {
      const outcome = await outcomeOf(benchmark, name, runs);
      outcomes.push(outcome);
      if (json) console.log(jsonLine(outcome));
    }
  } finally {
    await down(name);
  }
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  if (!json) console.log([table(outcomes), ...failures.map((failure) => `failed: ${failure}`)].join('\n'));
  return failures.length > 0 ? 1 : 0;
}

async function outcomeOf(benchmark: Benchmark | VmBenchmark, name: string, runs: number): Promise<Outcome> {
  if (benchmark.lab === 'vm') {
    // One of each kind would compete.
    await Lab.down(name);
    const lab = await VmLab.up(name);
    takePrecedence(labId(name));
    return measure(benchmark, lab, { runs, warmUp: false }, console.error);
  }
  await VmLab.down(name);
  const lab = await Lab.up(name);
  takePrecedence(name);
  return measure(benchmark, lab, { runs, warmUp: true }, console.error);
}

async function down(name: string): Promise<void> {
  await Promise.all([Lab.down(name), VmLab.down(name)]);
}

function parse(): { chosen: readonly (Benchmark | VmBenchmark)[]; json: boolean; runs: number } | number {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        runs: { type: 'string', default: '5' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) {
      console.log(usage);
      return 0;
    }
    if (!/^[1-9]\d{0,3}$/.test(values.runs)) throw new Error(`--runs ${values.runs}: not a number of runs`);
    const chosen =
      positionals.length > 0 ? positionals.map(named) : benchmarks.filter(({ lab }) => lab !== 'vm');
    return { chosen, json: values.json, runs: Number(values.runs) };
  } catch (error) {
    console.error(
      `bench: ${error instanceof Error ? error.message : String(error)}; try: npm run bench -- --help`,
    );
    return 2;
  }
}

function named(name: string): Benchmark | VmBenchmark {
  const found = benchmarks.find((benchmark) => benchmark.name === name);
  if (!found) throw new Error(`there is no benchmark ${JSON.stringify(name)}`);
  return found;
}
