import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

const { root } = protobuf.parse(
  `
  syntax = "proto2";
  message head { required uint32 pages_id = 1; }
  message entry {
    required uint64 vaddr = 1;
    required uint32 compat_nr_pages = 2;
    optional bool in_parent = 3;
    optional uint32 flags = 4;
    optional uint64 nr_pages = 5;
  }`,
  { keepCase: true },
);

/** A pagemap image decoded by its description (images/pagemap.proto), and the contents of its pages in their order. */
export function readPagemap(
  directory: string,
  name: string,
): { entries: { page: number; count: number; flags: number }[]; contents: Buffer } {
  const bytes = readFileSync(join(directory, `${name}.img`));
  const messages: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += 4 + bytes.readUInt32LE(at))
    messages.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32LE(at)));
  const [head, ...rest] = messages;
  const { pages_id } = decode('head', head) as { pages_id: number };
  const entries = rest.map((each) => {
    const entry = decode('entry', each);
    const { vaddr = 0, compat_nr_pages = 0, flags = 0, nr_pages } = entry as Record<string, number>;
    return { page: vaddr / 4096, count: nr_pages ?? compat_nr_pages, flags };
  });
  return { entries, contents: readFileSync(join(directory, `pages-${pages_id}.img`)) };
}

function decode(type: string, bytes: Buffer = Buffer.alloc(0)): object {
  const message = root.lookupType(type);
  return message.toObject(message.decode(bytes), { longs: Number, defaults: false });
}
