import test from 'ava';
import { type Destination, parseDestination } from '../../src/transport/destination.ts';

const good = test.macro({
  exec: (t, text: string, expected: Destination) => t.deepEqual(parseDestination(text), expected),
  title: (_, text) => `${String(text)} is a destination`,
});
test(good, 'hostb', { host: 'hostb' });
test(good, 'root@hostb', { user: 'root', host: 'hostb' });
test(good, 'root@hostb:2222', { user: 'root', host: 'hostb', port: 2222 });
test(good, 'host-b.example.org:1', { host: 'host-b.example.org', port: 1 });
test(good, 'my_alias', { host: 'my_alias' });
test(good, '10.0.0.2:65535', { host: '10.0.0.2', port: 65535 });
test(good, '::1', { host: '::1' });
test(good, 'fe80::1:22', { host: 'fe80::1:22' });
test(good, '[::1]:22', { host: '::1', port: 22 });
test(good, 'root@[fe80::1%eth0]', { user: 'root', host: 'fe80::1%eth0' });
test(good, 'first.last@b', { user: 'first.last', host: 'b' });

const bad = test.macro({
  exec: (t, text: string) => {
    const error = t.throws(() => parseDestination(text), { code: 'USAGE' });
    t.regex(error?.message ?? '', /is not a destination/);
  },
  title: (what, text) => `${what ?? JSON.stringify(text)} is not`,
});
test('nothing', bad, '');
test('an option of ssh', bad, '-oProxyCommand=touch /tmp/pwned');
test('an option behind a user', bad, 'root@-oProxyCommand=id');
test('an option as the user', bad, '-oProxyCommand=id@b');
test('an option in brackets', bad, '[-oProxyCommand=id]');
test('a command', bad, 'b;id');
test('a substitution', bad, 'b$(id)');
test('backticks', bad, '`id`');
test('a token of ssh_config', bad, '%h');
test('a pipe', bad, 'b|id');
test('a space', bad, 'b id');
test('a line break', bad, 'b\nid');
test('a line break at the end', bad, 'b\n');
test('a NUL', bad, 'b\0');
test('a path', bad, 'b/../c');
test('a URL', bad, 'ssh://b');
test('two users', bad, 'a@b@c');
test('a user without a host', bad, 'root@');
test('a host without a user', bad, '@b');
test('port 0', bad, 'b:0');
test('port 65536', bad, 'b:65536');
test('a negative port', bad, 'b:-1');
test('a port that is a word', bad, 'b:ssh');
test('a port that is missing', bad, 'b:');
test('an open bracket', bad, '[::1');
test('a long line of colons', bad, `${':'.repeat(5000)}x`);
