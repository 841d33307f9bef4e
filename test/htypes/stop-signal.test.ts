import test from 'ava';
import { parseSignal } from '../../htypes/oci/stop-signal.ts';

const means = test.macro({
  exec: (t, text: string, name: string | null, forRuntime = name) =>
    t.deepEqual(parseSignal(text), name === null ? null : { name, forRuntime }),
  title: (_, text) => `the stop signal ${JSON.stringify(text)}`,
});
test(means, 'SIGQUIT', 'SIGQUIT');
test(means, 'quit', 'SIGQUIT');
test(means, '3', 'SIGQUIT');
// systemd's, as the first process of a container.
test(means, 'SIGRTMIN+3', 'SIGRTMIN+3', '37');
test(means, 'RTMIN', 'RTMIN', '34');
test(means, 'SIGRTMIN+30', 'SIGRTMIN+30', '64');
test(means, 'SIGRTMIN+31', null);
test(means, 'SIGNOSUCH', null);
test(means, '0', null);
test(means, '', null);
