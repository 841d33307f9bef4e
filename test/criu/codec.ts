import protobuf from 'protobufjs/light.js';
import { schema } from '../../criu-proto/generated.ts';

// The other half of criu-proto/messages.ts: what CRIU writes, and reads.
const root = protobuf.Root.fromJSON(schema as protobuf.INamespace);

export type Decoded = Record<string, unknown> & { readonly opts?: Record<string, unknown> };

export const requestTypes = root.lookupEnum('criu_req_type').values;

export function decodeRequest(bytes: Uint8Array): Decoded {
  const type = root.lookupType('criu_req');
  return type.toObject(type.decode(bytes), { enums: String, longs: Number, defaults: false }) as Decoded;
}

export function encodeResponse(response: object): Buffer {
  return encode('criu_resp', response);
}

export function encodeStats(stats: object): Buffer {
  return encode('stats_entry', stats);
}

/** A statistics file as CRIU writes it: two magic words, the length, the entry. */
export function statsFile(stats: object): Buffer {
  const entry = encodeStats(stats);
  const head = Buffer.alloc(12);
  head.writeUInt32LE(0x55105940, 0);
  head.writeUInt32LE(0x57093306, 4);
  head.writeUInt32LE(entry.length, 8);
  return Buffer.concat([head, entry]);
}

function encode(name: string, message: object): Buffer {
  const type = root.lookupType(name);
  const problem = type.verify(type.fromObject(message));
  if (problem) throw new Error(problem);
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}
