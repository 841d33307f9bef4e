import test from 'ava';
import type { Json } from '../../src/contracts/context.ts';
import type { DeviceDriver, TargetDevice } from '../../src/contracts/device.ts';
import type { SourceContainer } from '../../src/contracts/htype.ts';
import { PhaulError } from '../../src/errors.ts';
import { type Bench, deviceChecks, type Scene } from '../../src/testing/index.ts';
import { examine } from './examine.ts';
import { notices } from './notices.ts';

// The smallest device driver that keeps the contract, as an example.
const malformed = (): PhaulError => new PhaulError('PROTOCOL_ERROR', 'That is no port.');
const ports = new Map<string, 'open' | 'shut'>();

const port: DeviceDriver = {
  kind: 'device',
  name: 'port',
  apiVersion: 1,
  description: 'A port that may be open on one host only',
  capabilities: { takeOver: true },
  source: ({ network }) => {
    const name = network?.namespace ?? null;
    if (name === null) return Promise.resolve([]);
    const turn = (to: 'open' | 'shut') => () => Promise.resolve(void ports.set(name, to));
    return Promise.resolve([
      {
        name,
        state: { name },
        refusals: () => Promise.resolve([]),
        freeze: turn('shut'),
        handOver: () => ({ waiting: 3 }),
        abort: turn('open'),
        release: () => Promise.resolve(void ports.delete(name)),
      },
    ]);
  },
  target: (state: Json) => {
    const { name } = Object(state) as { name?: unknown };
    if (
      typeof name !== 'string' ||
      Object.keys(Object(state) as object).length !== 1 ||
      typeof state === 'string'
    )
      throw malformed();
    let begun = false;
    const taken = {
      code: 'NETWORK_TAKEN',
      message: 'The port is taken.',
      hint: 'Free it.',
      host: 'target',
    } as const;
    return {
      name,
      refusals: () => Promise.resolve(ports.has(name) ? [taken] : []),
      begin: () => Promise.resolve(void ((begun = true), ports.set(name, 'shut'))),
      takeOver: () => {
        if ([...ports.values()].includes('open')) return Promise.reject(new Error('It is open elsewhere.'));
        return Promise.resolve(void ports.set(name, 'open'));
      },
      activate: (handed) => {
        if (typeof Object(handed).waiting !== 'number') return Promise.reject(malformed());
        return Promise.resolve();
      },
      abort: () => Promise.resolve(void (begun && ports.delete(name))),
    };
  },
};

const bench = (scene: Scene): Bench => {
  ports.set('p1', 'open');
  scene.after(() => ports.clear());
  return {
    container: { network: { namespace: 'p1' } } as SourceContainer,
    elsewhere: (state) => ({ ...(state as object), name: 'p2' }),
    footprint: () => [...ports],
  };
};

examine(deviceChecks(port, bench), { serial: true });

const onTarget = (change: Partial<TargetDevice>): DeviceDriver => ({
  ...port,
  target: (state, ctx) => ({ ...port.target(state, ctx), ...change }),
});
const nothing = (): Promise<void> => Promise.resolve();
test.serial('undoes nothing', notices, deviceChecks(onTarget({ abort: nothing }), bench), /^undone/);
test.serial(
  'believes what it hears',
  notices,
  deviceChecks(onTarget({ activate: nothing }), bench),
  /validated/,
);
test.serial(
  'takes what is there already',
  notices,
  deviceChecks(onTarget({ refusals: () => Promise.resolve([]) }), bench),
  /already is refused/,
);
