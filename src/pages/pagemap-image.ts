import { pageFlags } from './wire.ts';

/** One entry of a pagemap. */
export interface PagemapEntry {
  /** Number of the first page: its address / 4096. */
  readonly page: number;
  readonly count: number;
  readonly flags: number;
}

// criu/include/magic.h: IMG_COMMON_MAGIC, PAGEMAP_MAGIC.
const magic = [0x54564319, 0x56084025];

/**
 * The contents of a pagemap image: a head that names the pages image, then the entries (images/pagemap.proto), each behind its length.
 * Written by hand, because there can be a million and the container stands still meanwhile.
 * @param entries ascending
 */
export function pagemapImage(pages: number, entries: Iterable<PagemapEntry>): Buffer {
  let buffer = Buffer.alloc(4096);
  let at = 8;
  magic.forEach((word, index) => buffer.writeUInt32LE(word, index * 4));

  const varint = (value: number): void => {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) buffer[at++] = (rest % 0x80) | 0x80;
    buffer[at++] = rest;
  };
  /** The varint of page * 4096, which itself may be too large for a number: 12 zero bits come first. */
  const address = (page: number): void => {
    if (page === 0) return varint(0);
    buffer[at++] = 0x80;
    const low = (page % 4) << 5;
    const rest = Math.floor(page / 4);
    buffer[at++] = rest > 0 ? low | 0x80 : low;
    if (rest > 0) varint(rest);
  };
  const message = (fill: () => void): void => {
    if (at + 64 > buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
    const start = at;
    at += 4;
    fill();
    buffer.writeUInt32LE(at - start - 4, start);
  };

  message(() => {
    buffer[at++] = 0x08;
    varint(pages);
  });
  for (const { page, count, flags } of entries) {
    message(() => {
      buffer[at++] = 0x08;
      address(page);
      // Until CRIU 4.1 the number of pages is field 2, from 4.2 on field 5 if it is there.
      buffer[at++] = 0x10;
      varint(count % 2 ** 32);
      if ((flags & pageFlags.parent) !== 0) {
        buffer[at++] = 0x18;
        varint(1);
      }
      buffer[at++] = 0x20;
      varint(flags);
      if (count >= 2 ** 32) {
        buffer[at++] = 0x28;
        varint(count);
      }
    });
  }
  return buffer.subarray(0, at);
}
