import test from 'ava';
import type { Inspected } from '../../htypes/podman/inspect.ts';
import { podmanWarnings } from '../../htypes/podman/warnings.ts';

const found = (log: string, check?: string[]): Inspected =>
  ({
    Name: 'web',
    Config: check ? { Healthcheck: { Test: check } } : {},
    HostConfig: { LogConfig: { Type: log } },
  }) as unknown as Inspected;

test('output in the journal stays, whatever the mode', (t) => {
  for (const mode of ['live', 'revive'] as const)
    t.regex(podmanWarnings(found('journald'), mode).join(), /stays in this host's journal/);
  t.deepEqual(podmanWarnings(found('k8s-file'), 'live'), []);
});

test('a health check waits for a restart, which revive mode is', (t) => {
  const check = ['CMD-SHELL', 'true'];
  t.regex(podmanWarnings(found('k8s-file', check), 'live').join(), /podman restart web/);
  t.deepEqual(podmanWarnings(found('k8s-file', check), 'revive'), []);
  t.deepEqual(podmanWarnings(found('k8s-file', ['NONE']), 'live'), []);
});
