import { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import type { ExecutionContext } from 'ava';
import { fixedCompression } from '../../src/pages/compression.ts';
import { pace } from '../../src/pages/pace.ts';
import { type PageSource, pageSource } from '../../src/pages/source.ts';

/** The source's end of a stream of pages, the target of which the test plays, and CRIU, too. */
export interface NearEnd {
  readonly source: PageSource;
  /** The target's end of the stream. */
  readonly target: Duplex;
  readonly criu: Socket;
  readonly say: (...replies: readonly (object | string | Buffer)[]) => void;
}

export function nearEnd(t: Pick<ExecutionContext, 'teardown'>): NearEnd {
  const [near, target] = duplexPair();
  target.resume();
  const source = pageSource(near, 32, {
    compression: fixedCompression('raw'),
    zstd: null,
    pace: pace(null),
  });
  const criu = new Socket({ fd: source.criuEnd(), readable: true, writable: true });
  criu.on('error', () => undefined);
  t.teardown(() => {
    source.end();
    criu.destroy();
  });
  return {
    source,
    target,
    criu,
    say: (...replies) => {
      for (const reply of replies)
        target.write(
          typeof reply === 'string' || Buffer.isBuffer(reply) ? reply : `${JSON.stringify(reply)}\n`,
        );
    },
  };
}
