import type { Level } from '../log/record.ts';
import type { Method, Outcome, Params, Result } from '../rpc/methods.ts';

type Words = readonly (readonly [Level, string])[];

type Telling = { readonly [M in Method]?: (params: Params<M>, result: Result<M>) => Words };

const telling: Telling = {
  hello: ({ phaul }) => [['debug', `phaul ${phaul} has connected`]],
  check: ({ mode, source }, { refusals }) =>
    refusals.length === 0
      ? [['debug', `may come from ${source} (${mode})`]]
      : refusals.map(({ code, message }) => ['debug', `may not come from ${source}: ${code}: ${message}`]),
  begin: () => [['info', 'begins to come']],
  takeOver: () => [['info', 'its devices have been taken over']],
  checkpoint: () => [['info', "is complete here, and waits for the source's word"]],
  ready: () => [['info', "is complete here, and waits for the source's word"]],
  commit: (_, outcome) => came(outcome),
  abort: (_, outcome) => came(outcome),
  fill: (_, { pages }) => [['info', `all of its memory is in place, ${pages} pages of it since it runs`]],
  finish: () => [['info', 'the source knows how it ended']],
  resume: (_, { outcome }) => [['warn', `the source, or phaul recover, asks what became of it: ${outcome}`]],
};

/** What is worth saying of a call that was answered. */
export function done(method: Method, params: unknown, result: unknown): Words {
  const tell = telling[method] as ((params: unknown, result: unknown) => Words) | undefined;
  return tell?.(params, result) ?? [['debug', `${method} is done`]];
}

function came(outcome: Outcome): Words {
  if (outcome.outcome === 'landed') {
    const { pid, startByHand } = outcome;
    return [['info', startByHand === null ? `runs here (pid ${pid})` : 'is left stopped here']];
  }
  const { error, failures } = outcome;
  return [
    ['warn', `was undone here${error === null ? '' : `: ${error.code}: ${error.message}`}`],
    ...failures.map((failure) => ['error', `could not be undone: ${failure}`] as const),
  ];
}
