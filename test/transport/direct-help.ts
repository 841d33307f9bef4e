import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import koffi from 'koffi';

const getsockopt = koffi
  .load(null)
  .func('int getsockopt(int, int, int, _Out_ int *value, _Inout_ uint32_t *length)');

/** Whether TCP_NODELAY is on, asked of the kernel. Node keeps the descriptor in a private field. */
export function noDelay(socket: Socket): boolean {
  const { _handle } = socket as unknown as { _handle: { fd: number; _parent?: { fd: number } } };
  const value = [0];
  const tcp = 6;
  const nodelay = 1;
  const failed = getsockopt(_handle._parent?.fd ?? _handle.fd, tcp, nodelay, value, [4]) as number;
  if (failed) throw new Error(`getsockopt: errno ${koffi.errno()}`);
  return value[0] !== 0;
}

/** A stranger's key and the certificate that it has written for 127.0.0.1. */
export function certificate(): { key: Buffer; cert: Buffer } {
  const directory = mkdtempSync('/tmp/phaul-direct-');
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  try {
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const name = ['-subj', '/CN=stranger', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', ...kind, ...name, ...files], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
