import type { CommandModule, InferredOptionTypes } from 'yargs';
import { metricsText } from '../metrics/text.ts';
import { needRoot } from './need-root.ts';
import { configOptions, type OptionTable } from './options.ts';

const options = {
  listen: {
    type: 'string',
    value: '[ADDRESS:]PORT',
    describe: 'Answer GET /metrics there instead, until SIGTERM; without an address on 127.0.0.1',
  },
  ...configOptions,
} as const satisfies OptionTable;

export const metricsCommand: CommandModule<object, InferredOptionTypes<typeof options>> = {
  command: 'metrics',
  describe: 'What this host knows of migrations, as metrics for Prometheus',
  builder: (yargs) =>
    yargs
      .options(options)
      .example('$0 metrics', 'In the text format')
      .example('$0 metrics --listen 9784', 'At http://127.0.0.1:9784/metrics'),
  handler: async ({ listen }) => {
    needRoot();
    if (listen === undefined) return void process.stdout.write(await metricsText());
    // Loaded only where it is needed: every start would wait for it.
    const { placeOf, serveMetrics } = await import('../metrics/server.ts');
    const until = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => until.abort());
    await serveMetrics(placeOf(listen), until.signal, (url) => process.stderr.write(`${url}\n`));
  },
};
