import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { DriverKind } from '../../src/contracts/driver.ts';
import { versionIn, versionsOf } from '../../src/contracts/versions.ts';
import { findDrivers } from '../../src/contracts/registry.ts';
import { PhaulError } from '../../src/errors.ts';
import type { ErrorCode } from '../../src/error-codes.ts';

const good = (name: string, more = ''): string => `export const driver = {
  kind: 'htype', name: '${name}', apiVersion: 1, description: 'Nothing',
  capabilities: { live: true, preDump: false, revive: false },
  knows: async () => false, source: async () => ({}), target: () => ({}), ${more} };`;

/** A directory as npm leaves it, and settings that list what is in it. */
class Shelf {
  readonly directory = mkdtempSync('/tmp/phaul-drivers-');

  constructor(t: ExecutionContext) {
    t.teardown(() => rmSync(this.directory, { recursive: true }));
  }

  install(name: string, text: string, manifest: object = {}): void {
    const home = join(this.directory, 'node_modules', name);
    mkdirSync(home, { recursive: true });
    const all = { name, version: '1.2.3', type: 'module', exports: './main.js', ...manifest };
    writeFileSync(join(home, 'package.json'), JSON.stringify(all));
    writeFileSync(join(home, 'main.js'), text);
  }

  file(name: string, text: string): string {
    writeFileSync(join(this.directory, name), text);
    return join(this.directory, name);
  }

  async find(kind: DriverKind, ...entries: string[]) {
    const none = { htype: [], fs: [], device: [] };
    const drivers = { directory: this.directory, ...none, [kind]: entries };
    const found = await findDrivers(kind, Promise.resolve({ drivers }));
    return found.filter(({ origin }) => origin !== 'built-in');
  }

  /** The one that is listed last, which cannot be used. */
  async broken(t: ExecutionContext, code: ErrorCode, message: RegExp, ...entries: string[]): Promise<void> {
    const driver = (await this.find('htype', ...entries)).at(-1)?.driver;
    if (!(driver instanceof PhaulError)) return void t.fail('it can be used');
    t.is(driver.code, code);
    t.regex(driver.message, message);
    t.regex(driver.message, /^[^\n]*\.$/);
    t.is(driver.exitCode, 3);
  }
}

test('what is built in comes first, and has the version of phaul', async (t) => {
  const found = await findDrivers('htype');
  t.deepEqual(
    found.map(({ name, origin }) => [name, origin]),
    [
      ['runc', 'built-in'],
      ['crun', 'built-in'],
      ['podman', 'built-in'],
      ['lxc', 'built-in'],
      ['pid', 'built-in'],
    ],
  );
  t.regex(found[0]?.version ?? '', /^\d/);
});

test('a package is found by the name of its driver', async (t) => {
  const shelf = new Shelf(t);
  shelf.install('phaul-htype-hello', good('hello'));
  const [found] = await shelf.find('htype', 'hello');
  t.like(found, { kind: 'htype', name: 'hello', origin: 'phaul-htype-hello', version: '1.2.3' });
  t.like(found?.driver, { name: 'hello' });
});

test('so are those of other kinds', async (t) => {
  const shelf = new Shelf(t);
  const like = (kind: string, capabilities: string): string =>
    `export const driver = { kind: '${kind}', name: 'x', apiVersion: 1, description: 'X',
      capabilities: { ${capabilities} }, source: () => ({}), target: () => ({}) };`;
  shelf.install('phaul-fs-x', like('fs', 'copies: true, replaces: false'));
  shelf.install('phaul-device-x', like('device', 'takeOver: true'));
  for (const kind of ['fs', 'device'] as const) {
    const [found] = await shelf.find(kind, 'x');
    t.like(found?.driver, { kind, name: 'x' });
  }
});

test('a path is loaded as it is, and its driver has the name that it says', async (t) => {
  const shelf = new Shelf(t);
  const path = shelf.file('anything.mjs', good('box'));
  const [found] = await shelf.find('htype', path);
  t.like(found, { name: 'box', origin: path, version: null });
});

test('one that is not installed', async (t) => {
  const shelf = new Shelf(t);
  await shelf.broken(t, 'DRIVER_MISSING', /^phaul-htype-none is not installed in \/tmp\//, 'none');
  await shelf.broken(t, 'DRIVER_MISSING', /^\/nonexistent\/x\.js does not exist/, '/nonexistent/x.js');
});

test('a package is not looked for elsewhere', async (t) => {
  const shelf = new Shelf(t);
  // There is such a package in the directories above this file.
  await shelf.broken(t, 'DRIVER_MISSING', /./, 'zod');
});

test('two drivers with one name', async (t) => {
  const shelf = new Shelf(t);
  shelf.install('phaul-htype-pid', good('pid'));
  shelf.install('phaul-htype-hello', good('hello'));
  const path = shelf.file('hello.mjs', good('hello'));
  await shelf.broken(t, 'DRIVER_DUPLICATE', /called pid: built-in and phaul-htype-pid/, 'pid');
  await shelf.broken(t, 'DRIVER_DUPLICATE', /phaul-htype-hello and \/tmp\/.*hello\.mjs/, 'hello', path);
  const [first] = await shelf.find('htype', 'hello', path);
  t.like(first?.driver, { name: 'hello' }, 'the first of them is usable');
});

test('a package without the export', async (t) => {
  const shelf = new Shelf(t);
  shelf.install('phaul-htype-empty', 'export const other = 1;');
  await shelf.broken(t, 'DRIVER_INVALID', /^phaul-htype-empty does not export a driver/, 'empty');
  shelf.install('phaul-htype-closed', good('closed'), { exports: { './other': './main.js' } });
  await shelf.broken(t, 'DRIVER_INVALID', /^phaul-htype-closed has nothing to load/, 'closed');
});

test('a driver that lacks something, or is something else', async (t) => {
  const shelf = new Shelf(t);
  shelf.install('phaul-htype-a', good('a', 'knows: undefined'));
  await shelf.broken(t, 'DRIVER_INVALID', /^phaul-htype-a exports no htype driver: knows: must be a/, 'a');
  shelf.install('phaul-htype-b', good('b', "kind: 'fs'"));
  await shelf.broken(t, 'DRIVER_INVALID', /kind: /, 'b');
  shelf.install('phaul-htype-c', good('c', 'capabilities: { live: true }'));
  await shelf.broken(t, 'DRIVER_INVALID', /capabilities\.preDump: /, 'c');
  shelf.install('phaul-htype-d', good('../d'));
  await shelf.broken(t, 'DRIVER_INVALID', /name: must be small letters/, 'd');
  shelf.install('phaul-htype-e', good('other'));
  await shelf.broken(t, 'DRIVER_INVALID', /^phaul-htype-e calls its driver other/, 'e');
  shelf.install('phaul-htype-f', 'export const driver = 3;');
  await shelf.broken(t, 'DRIVER_INVALID', /^phaul-htype-f exports no htype driver/, 'f');
});

test('a driver for another version', async (t) => {
  const shelf = new Shelf(t);
  shelf.install('phaul-htype-new', "export const driver = { apiVersion: 2, kind: 'unheard-of' };");
  await shelf.broken(
    t,
    'DRIVER_API',
    /is for version 2 of phaul's drivers, and this phaul has version 1/,
    'new',
  );
});

test('a driver that throws while it is loaded', async (t) => {
  const shelf = new Shelf(t);
  shelf.install('phaul-htype-bad', "throw new Error('no licence\\n  at all');");
  await shelf.broken(t, 'DRIVER_LOAD', /^phaul-htype-bad cannot be loaded: no licence\.$/, 'bad');
  shelf.install('phaul-htype-odd', "throw 'text';");
  await shelf.broken(t, 'DRIVER_LOAD', /cannot be loaded: text\.$/, 'odd');
  shelf.install('phaul-htype-lost', "import 'nonexistent-package';");
  await shelf.broken(t, 'DRIVER_LOAD', /nonexistent-package/, 'lost');
  shelf.install('phaul-htype-typo', 'export const driver = {');
  await shelf.broken(t, 'DRIVER_LOAD', /cannot be loaded/, 'typo');
});

test('what cannot be used keeps nobody from using the rest', async (t) => {
  const shelf = new Shelf(t);
  shelf.install('phaul-htype-hello', good('hello'));
  const found = await shelf.find('htype', 'none', 'hello');
  t.deepEqual(
    found.map(({ name, driver }) => [name, driver instanceof PhaulError]),
    [
      ['none', true],
      ['hello', false],
    ],
  );
});

test.serial(
  'the programs of the drivers that are used tell their versions, as far as they are there',
  async (t) => {
    const [path, empty] = [process.env['PATH'] ?? '', mkdtempSync('/tmp/phaul-empty-')];
    t.teardown(() => rmSync(empty, { recursive: true }));
    const used = { htype: ['pid'], fs: ['rsync', 'nowhere'], device: [] };
    const [pid, rsync, ...others] = await versionsOf(used);
    t.deepEqual(others, []);
    t.like(pid, { kind: 'htype', name: 'pid', programs: [] });
    t.like(rsync, { kind: 'fs', name: 'rsync' });
    t.regex(rsync?.programs[0]?.version ?? '', /^\d+\.\d+/);
    process.env['PATH'] = empty;
    const [, lacking] = await versionsOf(used).finally(() => (process.env['PATH'] = path));
    t.deepEqual(lacking?.programs, [{ name: 'rsync', version: null }]);
  },
);

for (const [text, version] of [
  ['runc version 1.1.5+ds1\ncommit: 1.1.5\nspec: 1.0.2-dev', '1.1.5+ds1'],
  ['rsync  version 3.2.7  protocol version 32', '3.2.7'],
  ['ip utility, iproute2-6.1.0, libbpf 1.1.2', '6.1.0'],
  ['btrfs-progs v6.2', '6.2'],
  ['', null],
  ['no such command', null],
] as const)
  test(`the version in ${JSON.stringify(text)}`, (t) => t.is(versionIn(text), version));
