import type { SecureContextOptions, TLSSocket } from 'node:tls';

/**
 * TLS 1.3 with one cipher and no certificate authority, for both ends. The two know each other by a secret alone (an external
 * pre-shared key). In 1.3 OpenSSL always adds an ephemeral X25519 exchange to it, so whoever learns the secret later cannot read
 * what was recorded. SHA-256 belongs to the name: a key given by callback fits only ciphers with that hash.
 */
export const directTls: SecureContextOptions & { readonly allowHalfOpen: boolean } = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  ca: [],
  // end() says: no more bytes from here. The other direction goes on.
  allowHalfOpen: true,
};

/** The name of the secret. It is sent in the clear and says nothing. */
export const directIdentity = 'phaul';

/**
 * The first byte in a stream, from the target, which dialDirect takes out again. With it the source knows that the target has the
 * stream, so streams that are opened one after the other arrive in that order.
 */
export const welcome = 0x2b;

/**
 * Makes end() safe while bytes still come in. Node calls SSL_shutdown twice, and OpenSSL's second call throws away a whole record
 * that waits to be read. One does if end() is called in a 'data' callback or right behind it: the rest of the incoming direction
 * is then lost, and 'end' comes as if that were all (seen in Node 20.20 with TLS 1.3). A turn of the loop later none waits.
 */
export function endLater(stream: TLSSocket): void {
  const final = stream._final.bind(stream);
  stream._final = (done) => void setImmediate(() => final(done));
}
