import type { Json } from '../../src/contracts/context.ts';
import type { DeviceDriver } from '../../src/contracts/device.ts';
import type { SourceContainer } from '../../src/contracts/htype.ts';
import { PhaulError } from '../../src/errors.ts';
import { testDevice } from './device.ts';

// The smallest device driver that keeps the contract, as an example.
const malformed = (): PhaulError => new PhaulError('PROTOCOL_ERROR', 'That is no port.');
const ports = new Map<string, 'open' | 'shut'>();

const port: DeviceDriver = {
  kind: 'device',
  name: 'port',
  apiVersion: 1,
  description: 'A port that may be open on one host only',
  capabilities: { takeOver: true },
  source: ({ networkNamespace: name = null }) => {
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

testDevice(port, (t) => {
  ports.set('p1', 'open');
  t.teardown(() => ports.clear());
  return {
    container: { networkNamespace: 'p1' } as SourceContainer,
    elsewhere: (state) => ({ ...(state as object), name: 'p2' }),
    footprint: () => [...ports],
  };
});
