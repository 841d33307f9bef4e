import { once } from 'node:events';
import type { Socket } from 'node:net';

/** What a dumping CRIU says: for each owner its pages, with contents, or as ones that an earlier dump has. */
export type Dump = readonly {
  readonly owner: bigint;
  readonly pages: readonly (
    | { readonly page: number; readonly flags: number; readonly contents: readonly Buffer[] }
    | { readonly page: number; readonly kept: number }
  )[];
}[];

/** A page that no other number gives. */
export function pageOf(number: number): Buffer {
  const page = Buffer.alloc(4096, 1 + (number % 255));
  page.writeDoubleLE(number, 8);
  return page;
}

/** A header of CRIU's page-server protocol (criu/page-xfer.c:33). */
export function header(bytes: number, command: number, owner: bigint, page = 0, count = 0): Buffer {
  const head = Buffer.alloc(bytes);
  head.writeUInt32LE(command, 0);
  const at = bytes === 32 ? 16 : 8;
  if (bytes === 32) head.writeBigUInt64LE(BigInt(count), 8);
  else head.writeUInt32LE(count, 4);
  head.writeBigUInt64LE(BigInt(page) * 4096n, at);
  head.writeBigUInt64LE(owner, at + 8);
  return head;
}

/** Plays a dumping CRIU on its socket. Gives the answers to "has an earlier dump some of this owner?". */
export async function feed(criu: Socket, dump: Dump, bytes: number): Promise<number[]> {
  const answers: number[] = [];
  for (const { owner, pages } of dump) {
    criu.write(header(bytes, 4, owner));
    answers.push((await read(criu, 1))[0] ?? -1);
    for (const each of pages) {
      if ('kept' in each) criu.write(header(bytes, 6 | (1 << 16), owner, each.page, each.kept));
      else {
        criu.write(header(bytes, 6 | (each.flags << 16), owner, each.page, each.contents.length));
        if (!criu.write(Buffer.concat(each.contents))) await once(criu, 'drain');
      }
    }
  }
  criu.write(header(bytes, 0x1023, 0n));
  const done = await read(criu, 4);
  if (done.readInt32LE() !== 0) throw new Error('the dump was not taken');
  return answers;
}

async function read(socket: Socket, bytes: number): Promise<Buffer> {
  for (;;) {
    const part = socket.read(bytes) as Buffer | null;
    if (part) return part;
    await once(socket, 'readable');
    if (socket.readableEnded || socket.destroyed) throw new Error('the page server has gone');
  }
}
