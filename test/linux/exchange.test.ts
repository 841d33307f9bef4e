import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { exchange } from '../../src/linux/exchange.ts';

function place(t: ExecutionContext): (name: string) => string {
  const home = mkdtempSync('/tmp/phaul-exchange-');
  t.teardown(() => rmSync(home, { recursive: true }));
  return (name) => join(home, name);
}

test('two directories change places with all that is in them', (t) => {
  const at = place(t);
  mkdirSync(at('one'));
  mkdirSync(at('two ü'));
  writeFileSync(at('one/file'), 'of one');
  exchange(at('one'), at('two ü'));
  t.is(readFileSync(at('two ü/file'), 'utf8'), 'of one');
  t.throws(() => lstatSync(at('one/file')));
});

test('a directory and a link that leads nowhere change places', (t) => {
  const at = place(t);
  mkdirSync(at('directory'));
  symlinkSync('nowhere', at('link'));
  exchange(at('directory'), at('link'));
  t.true(lstatSync(at('link')).isDirectory());
  t.is(readlinkSync(at('directory')), 'nowhere');
});

test('where one is missing nothing is changed, and the error says why', (t) => {
  const at = place(t);
  writeFileSync(at('file'), '');
  t.throws(() => exchange(at('file'), at('missing')), { code: 'ENOENT' });
  t.true(lstatSync(at('file')).isFile());
});
