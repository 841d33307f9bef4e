import { readdirSync } from 'node:fs';
import test from 'ava';
import { cpuAccepts, dumpCpuinfo } from '../../src/criu/cpuinfo.ts';
import { type Answer, fakeCriu } from './fake-criu.ts';

const failed = { success: false };
// As CRIU 4.2.1 writes it.
const noise = "(00.000027) Error (criu/util.c:1): Can't setup RLIMIT_NOFILE: Operation not permitted\n";
const said = (file: string, words: string): string => `${noise}(00.000102) Error (criu/${file}): ${words}\n`;

const accepts = test.macro({
  exec: async (t, answer: Answer, accepted: boolean) => {
    const criu = fakeCriu(t, { CPUINFO_CHECK: answer });
    t.is(await cpuAccepts(criu.path, Buffer.from('image')), accepted);
    const directory = String(criu.requests()[0]?.opts?.['images_dir']);
    t.regex(directory, /^\/run\/phaul-cpuinfo-/);
    t.false(readdirSync('/run').some((name) => directory.endsWith(name)));
  },
  title: (what) => what ?? '',
});
test('a CPU that CRIU accepts is accepted', accepts, {}, true);
test('where CRIU can compare nothing it accepts', accepts, { reply: { success: false, cr_errno: 95 } }, true);
for (const words of [
  'cpu: CPU instruction capabilities do not match run time',
  'cpu: FPU feature required by image is not supported on host (fpu:0 fxsr:0 osxsave:1 xsaves:0)',
  'cpu: CPU xfeatures has unsupported bits (0xe0)',
  'cpu: CPU xsave size mismatch (2696/832)',
  'cpu: CPU xsave max size mismatch (2696/832)',
  'cpu: CPU Feature PPC_FEATURE2_HTM required by image is not supported on host.',
  'cpu: CPU Feature vx not supported on host',
])
  test(`"${words}" is a no`, accepts, { reply: failed, log: said('arch/x86/cpu.c:337', words) }, false);

const unknown = test.macro({
  exec: async (t, answer: Answer, message: RegExp) => {
    const criu = fakeCriu(t, { CPUINFO_CHECK: answer, CPUINFO_DUMP: answer });
    await t.throwsAsync(cpuAccepts(criu.path, Buffer.from('image')), { code: 'CPU_CHECK', message });
    await t.throwsAsync(dumpCpuinfo(criu.path), { code: 'CPU_CHECK', message });
  },
  title: (what) => what ?? '',
});
test(
  'a failure of another kind is none, and what CRIU says is said',
  unknown,
  { reply: failed, log: said('kerndat.c:1', "Can't write /run/criu.kdat: No space left on device") },
  /No space left on device/,
);
test('so is one of which CRIU says nothing', unknown, { reply: failed }, /it does not say why/);
test('so is a CRIU that dies over it', unknown, { dies: true }, /ended without an answer/);
