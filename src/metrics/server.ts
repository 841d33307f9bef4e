import { createServer, type Server, type ServerResponse } from 'node:http';
import { asPhaulError, PhaulError } from '../errors.ts';
import { contentType, metricsText } from './text.ts';

/** Where to listen. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

// Whoever may ask at all may do so a few times at once; each of them makes phaul read the whole history.
const mostConnections = 16;

/** `PORT`, `ADDRESS:PORT` or `[ADDRESS]:PORT`; without an address only this host itself is answered. @throws USAGE */
export function placeOf(text: string): Place {
  const [, bracketed, plain, digits] =
    /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535)
    throw new PhaulError('USAGE', `--listen is PORT, ADDRESS:PORT or [ADDRESS]:PORT, and not ${text}.`);
  return { host: bracketed ?? (plain || '127.0.0.1'), port };
}

/** Answers GET /metrics until the signal. @param ready where it listens @throws USAGE if it cannot */
export async function serveMetrics(
  place: Place,
  until: AbortSignal,
  ready: (url: string) => void,
): Promise<void> {
  const server = createServer((request, response) => {
    answer(request.method ?? '', request.url ?? '', response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(`${asPhaulError(error).message}\n`);
    });
  });
  server.maxConnections = mostConnections;
  await listening(server, place);
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : place.port;
  ready(`http://${place.host.includes(':') ? `[${place.host}]` : place.host}:${port}/metrics`);
  await new Promise<void>((resolve) => {
    const close = (): void => {
      server.close(() => resolve());
      server.closeAllConnections();
    };
    if (until.aborted) close();
    else until.addEventListener('abort', close, { once: true });
  });
}

async function answer(method: string, url: string, response: ServerResponse): Promise<void> {
  const plain = { 'content-type': 'text/plain; charset=utf-8' };
  if (url.split('?')[0] !== '/metrics')
    return void response.writeHead(404, plain).end('Metrics are at /metrics.\n');
  if (method !== 'GET' && method !== 'HEAD')
    return void response.writeHead(405, { ...plain, allow: 'GET, HEAD' }).end('Only GET.\n');
  const text = await metricsText();
  response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  response.end(method === 'HEAD' ? undefined : text);
}

function listening(server: Server, { host, port }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new PhaulError(
          'USAGE',
          `phaul cannot listen on ${host}, port ${port}: ${cause.code ?? cause.message}.`,
          { cause, hint: 'Choose another with --listen.' },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}
