import { PhaulError } from '../errors.ts';
import type { ErrorCode } from '../error-codes.ts';

// What OpenSSH and the remote shell print, first match wins. OpenSSH has no exit codes of its own but 255.
export const forwardingRefused = /open failed: (administratively prohibited|unknown channel type)/;

const signs: readonly (readonly [RegExp, ErrorCode, (host: string) => string])[] = [
  [forwardingRefused, 'SSH_FORWARDING', (host) => `sshd on ${host} does not let phaul open its channels.`],
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'SSH_HOST_KEY',
    (host) => `The host key of ${host} is not the one in known_hosts.`,
  ],
  [
    /Host key verification failed|No .* host key is known/,
    'SSH_HOST_KEY',
    (host) => `The host key of ${host} is not in known_hosts.`,
  ],
  [
    /Permission denied \(|Too many authentication failures/,
    'SSH_AUTH',
    (host) => `${host} refused the ssh login.`,
  ],
  [/phaul: (command )?not found/, 'TARGET_NO_PHAUL', (host) => `phaul was not found on ${host}.`],
  [/Could not resolve hostname/, 'TARGET_UNREACHABLE', (host) => `${host} is not a known host name.`],
  [
    /Connection (refused|timed out)|No route to host|Network is unreachable|Connection closed by/,
    'TARGET_UNREACHABLE',
    (host) => `ssh could not connect to ${host}.`,
  ],
];

/** Why an ssh connection ended, from its exit code and what it printed to stderr. */
export function sshFailure(exitCode: number | null, stderr: string, host: string): PhaulError {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  const details = { host: 'target' as const, ...(line ? { logLine: line } : {}) };
  const lost =
    /Timeout, server .* not responding|client_loop: |Connection (to .* )?(closed|reset)|Broken pipe/.test(
      stderr,
    );
  if (!lost || exitCode === 127 || forwardingRefused.test(stderr))
    for (const [sign, code, message] of signs)
      if (sign.test(stderr)) return new PhaulError(code, message(host), details);
  // The remote shell's words for "not found" and "may not be run".
  if (exitCode === 127 || exitCode === 126)
    return new PhaulError('TARGET_NO_PHAUL', `phaul could not be started on ${host}.`, details);
  return new PhaulError('LINK_LOST', `The connection to ${host} ended.`, details);
}
