import test from 'ava';
import { sshFailure } from '../../src/transport/ssh-failure.ts';

const failure = test.macro({
  exec: (t, exit: number | null, stderr: string, code: string) => {
    const error = sshFailure(exit, stderr, 'hostb');
    t.is(error.code, code as never);
    t.is(error.details.host, 'target');
    t.is(error.details.logLine, stderr.trim().split('\n').at(-1) || undefined);
    t.regex(error.message, /hostb/);
  },
  title: (what) => what ?? '',
});
const refused = 'ssh: connect to host hostb port 22: Connection refused';
test('a closed port', failure, 255, refused, 'TARGET_UNREACHABLE');
test(
  'a silent host',
  failure,
  255,
  'ssh: connect to host hostb port 22: Connection timed out',
  'TARGET_UNREACHABLE',
);
test('no route', failure, 255, 'ssh: connect to host hostb port 22: No route to host', 'TARGET_UNREACHABLE');
test(
  'no network',
  failure,
  255,
  'ssh: connect to host hostb port 22: Network is unreachable',
  'TARGET_UNREACHABLE',
);
test(
  'no such name',
  failure,
  255,
  'ssh: Could not resolve hostname hostb: Name or service not known',
  'TARGET_UNREACHABLE',
);
test('no key that fits', failure, 255, 'root@hostb: Permission denied (publickey,password).', 'SSH_AUTH');
test(
  'too many keys that do not fit',
  failure,
  255,
  'Received disconnect from 10.0.0.2 port 22:2: Too many authentication failures\nDisconnected from 10.0.0.2 port 22',
  'SSH_AUTH',
);
test(
  'a host key never seen',
  failure,
  255,
  'No ED25519 host key is known for hostb and you have requested strict checking.\nHost key verification failed.',
  'SSH_HOST_KEY',
);
const changed = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
Host key verification failed.`;
test('a host key that changed', failure, 255, changed, 'SSH_HOST_KEY');
test('that one is called changed', (t) => {
  t.regex(sshFailure(255, changed, 'b').message, /is not the one in known_hosts/);
});
test('no phaul, says bash', failure, 127, 'bash: line 1: phaul: command not found', 'TARGET_NO_PHAUL');
test('no phaul, says dash', failure, 127, 'sh: 1: phaul: not found', 'TARGET_NO_PHAUL');
test('no phaul, says zsh', failure, 127, 'zsh:1: command not found: phaul', 'TARGET_NO_PHAUL');
test('no node', failure, 127, "/usr/bin/env: 'node': No such file or directory", 'TARGET_NO_PHAUL');
test(
  'a phaul that may not be run',
  failure,
  126,
  'bash: line 1: /usr/bin/phaul: Permission denied',
  'TARGET_NO_PHAUL',
);
test('a connection that broke', failure, 255, 'client_loop: send disconnect: Broken pipe', 'LINK_LOST');
test('a host that fell silent', failure, 255, 'Timeout, server hostb not responding.', 'LINK_LOST');
test('an sshd that was stopped', failure, 255, 'Connection to hostb closed by remote host.', 'LINK_LOST');
test('a service that ended by itself', failure, 0, '', 'LINK_LOST');
test('an ssh that was killed', failure, null, '', 'LINK_LOST');
test(
  'a break after much talk is a break',
  failure,
  255,
  "Warning: Permanently added 'hostb' (ED25519) to the list of known hosts.\nConnection reset by 10.0.0.2 port 22",
  'LINK_LOST',
);
