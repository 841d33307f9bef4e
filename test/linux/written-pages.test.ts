import test from 'ava';
import { countWritten, untracked } from '../../src/linux/written-pages.ts';

const mapping = (address: string, name: string, flags: string): string =>
  `${address} rw-p 00000000 00:00 0   ${name}\nSize:  4 kB\nVmFlags: ${flags} \n`;

test('a process that nobody has tracked yet is told from one that somebody tracks', (t) => {
  const heap = mapping('5581c0000000-5581c0001000', '[heap]', 'rd wr mr mw me ac sd');
  const vdso = mapping('7ffe00000000-7ffe00001000', '[vdso]', 'rd ex mr mw me de');
  // As a process that nobody has tracked has it on Linux 6.12.
  const stack = mapping('7ffe09cb4000-7ffe09cd5000', '[stack]', 'rd wr mr mw me gd ac');
  t.true(untracked(heap + vdso + stack));
  t.false(untracked(heap + mapping('7f0000000000-7f0000001000', '', 'rd wr mr mw me ac')));
});

const bit = (...numbers: number[]): bigint =>
  numbers.reduce((sum, number) => sum | (1n << BigInt(number)), 0n);

test('written pages are those of the process alone that are there, or swapped', (t) => {
  const cases = [bit(63, 55), bit(62, 55), bit(63), bit(55), bit(63, 61, 55), 0n, bit(63, 56, 55, 3)];
  const buffer = Buffer.alloc(8 * cases.length);
  cases.forEach((each, index) => buffer.writeBigUInt64LE(each, index * 8));
  t.is(countWritten(buffer), 3);
  t.is(countWritten(Buffer.alloc(0)), 0);
});
