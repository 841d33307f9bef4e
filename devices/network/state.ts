import { isIP } from 'node:net';
import * as z from 'zod';
import { PhaulError } from '../../src/errors.ts';
import { isNetworkSysctl } from './sysctls.ts';

// Everything here ends up as words of `ip -batch`, so none may hold white space, quotes, # or a backslash.
const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/);
const address = z.string().refine((text) => isIP(text) !== 0);
const prefix = z.string().refine((text) => {
  const [base = '', length = '0', ...more] = text.split('/');
  return text === 'default' || (isIP(base) !== 0 && /^\d{1,3}$/.test(length) && more.length === 0);
});
const word = z.string().regex(/^[a-z0-9_]{1,20}$/);
const count = z.int().min(0).max(0xffff_ffff);

const addressSchema = z.strictObject({
  local: address,
  peer: address.optional(),
  broadcast: address.optional(),
  label: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,14}$/)
    .optional(),
  length: z.int().min(0).max(128),
  scope: word,
  noPrefixRoute: z.boolean(),
  valid: count,
  preferred: count,
});

const routeSchema = z.strictObject({
  type: z.enum(['unicast', 'blackhole', 'unreachable', 'prohibit', 'throw']),
  to: prefix,
  family: z.union([z.literal(4), z.literal(6)]),
  via: address.optional(),
  dev: name.optional(),
  from: address.optional(),
  scope: word.optional(),
  protocol: word.optional(),
  metric: count.optional(),
  mtu: count.optional(),
  onlink: z.boolean(),
});

const sysctls = z.record(
  z.string().refine((key) => isNetworkSysctl(key)),
  z.string().regex(/^-?\d+(?:\s+-?\d+)*$/),
);

const linkSchema = z.strictObject({
  name,
  index: z.int().min(2).max(0x7fff_ffff),
  mac: z.string().regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/),
  mtu: count,
  up: z.boolean(),
  generation: z.enum(['eui64', 'none', 'random', 'stable_secret']),
  addresses: z.array(addressSchema).max(1000),
  /** The other end, on the host. */
  host: z
    .strictObject({
      name: name.refine((text) => !['lo', 'all', 'default'].includes(text)),
      mtu: count,
      /** The bridge it belongs to; without one the addresses and routes on the host lead to the container. */
      bridge: name.nullable(),
      addresses: z.array(addressSchema).max(1000),
      routes: z.array(routeSchema).max(1000),
      sysctls,
    })
    // The rest of the host's network is none of the source's business.
    .refine(
      (host) =>
        Object.keys(host.sysctls).every((key) => key.split('/')[2] === host.name) &&
        host.routes.every(({ type, dev }) => type === 'unicast' && dev === host.name),
    ),
});

const stateSchema = z.strictObject({
  namespace: z.string().regex(/^(?:\/var)?\/run\/netns\/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,100}$/),
  /** It has that name only while it moves. */
  nameless: z.literal(true).optional(),
  links: z.array(linkSchema).max(64),
  loopback: z.strictObject({ up: z.boolean(), addresses: z.array(addressSchema).max(1000) }),
  routes: z.array(routeSchema).max(10_000),
  sysctls,
});

/** The network of a container, as it crosses the wire. */
export type NetworkState = z.infer<typeof stateSchema>;
export type Link = z.infer<typeof linkSchema>;
export type Address = z.infer<typeof addressSchema>;
export type Route = z.infer<typeof routeSchema>;

/** @throws PROTOCOL_ERROR unless every part is what it says. */
export function checkedState(state: unknown): NetworkState {
  const checked = stateSchema.safeParse(state);
  if (checked.success) return checked.data;
  const where = checked.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new PhaulError('PROTOCOL_ERROR', `The source describes a network that cannot be: ${where}.`);
}

/** What of `state` could not be described to another host; the paths of the parts. */
export function strangeParts(state: NetworkState): string[] {
  const checked = stateSchema.safeParse(state);
  return checked.success ? [] : checked.error.issues.map(({ path }) => path.join('.'));
}

/** The name under which `ip` knows a namespace. */
export function namespaceName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
