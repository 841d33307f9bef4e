import test from 'ava';
import { findContainer } from '../../src/migration/find-container.ts';

const self = String(process.pid);

test('the kind that knows the name is found', async (t) => {
  t.is((await findContainer(self, undefined)).name, 'pid');
  t.is((await findContainer(self, 'pid')).name, 'pid');
});

test('a name that nobody knows names all who were asked', async (t) => {
  const message = /No container ct-nobody .*runc.*pid/;
  await t.throwsAsync(findContainer('ct-nobody', undefined), { code: 'CONTAINER_UNKNOWN', message });
  await t.throwsAsync(findContainer(self, 'runc'), { code: 'CONTAINER_UNKNOWN', message: /asked: runc\)/ });
});

test('a kind that does not exist names those that do', async (t) => {
  await t.throwsAsync(findContainer(self, 'vm'), { code: 'DRIVER_UNKNOWN', message: /vm.*runc.*pid/ });
  await t.throwsAsync(findContainer(self, '../evil'), { code: 'DRIVER_UNKNOWN' });
});

const impossible = test.macro({
  exec: (t, name: string) =>
    t.throwsAsync(findContainer(name, undefined), { code: 'CONTAINER_NAME' }).then(() => undefined),
  title: (_, name) => `${JSON.stringify(name)} is not a name`,
});
test(impossible, '');
test(impossible, '.');
test(impossible, '..');
test(impossible, '../../etc');
test(impossible, '/etc/passwd');
test(impossible, 'a/b');
test(impossible, '-rf');
test(impossible, '--help');
test(impossible, 'ct 101');
test(impossible, 'ct101\n');
test(impossible, 'ct101\0');
test(impossible, 'ct*');
test(impossible, '$(id)');
test(impossible, 'é');
test(impossible, 'n'.repeat(129));

test('numbers that are no process are unknown', async (t) => {
  for (const name of ['0', '00', '0x1', '4194305', '1e3', `0${self}`])
    await t.throwsAsync(findContainer(name, 'pid'), { code: 'CONTAINER_UNKNOWN' }, name);
});
