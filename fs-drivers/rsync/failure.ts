import { PhaulError } from '../../src/errors.ts';

/**
 * Whether a daemon says nothing but that its client has gone: that was not needed after all, or knows itself why it went. Nobody is there to be told either.
 * It has no word for a client that goes before it has greeted (clientserver.c, start_daemon).
 */
export function leftAlone(code: number | null, stderr: string): boolean {
  const lines = stderr.split('\n').filter((line) => line !== '');
  return lines.length > 0 ? lines.every((line) => gone.test(line)) : code === 255;
}

const gone =
  /connection unexpectedly closed|: (?:Broken pipe|Connection reset by peer) \(\d+\)$|^rsync error: error in (?:rsync protocol data stream \(code 12\)|socket IO \(code 10\))/;

const linkLost: readonly number[] = [10, 12, 30, 35, 255];

/**
 * What a failed run of rsync means; null if the round is good all the same.
 *
 * While the container runs, files vanish (24) and change under rsync's hands (23 with complaints of the sending side or a
 * failed verification): the next round sees to them. Complaints of the receiving side are another matter: nobody else touches that
 * tree, so they would come again in the final round; better to fail now than inside the freeze.
 */
export function failureOf(code: number | null, stderr: string, final: boolean): PhaulError | null {
  if (code === 0) return null;
  const lines = stderr.split('\n').filter((line) => line !== '');
  if (!final && (code === 24 || (code === 23 && lines.every(mayPass)))) return null;
  const line = lines.find((text) => !summary.test(text)) ?? lines[0] ?? `rsync ended with code ${code}`;
  if (code === 11 || noSpace.test(stderr)) return full(lines, line);
  if (code === null || linkLost.includes(code) || stderr.includes('did not see server greeting'))
    return new PhaulError('LINK_LOST', 'The connection broke while files were copied.', { logLine: line });
  return new PhaulError('FS_SYNC', `rsync could not copy the container's files: ${line}`, { logLine: line });
}

function full(lines: readonly string[], line: string): PhaulError {
  const logLine = lines.find((text) => noSpace.test(text));
  const other = lines.find(
    (text) => !summary.test(text) && !/write error|connection unexpectedly/.test(text),
  );
  if (logLine === undefined && other !== undefined)
    return new PhaulError('FS_SYNC', `rsync could not write the container's files: ${line}`, {
      logLine: other,
    });
  // Code 11 often comes alone: the daemon is gone before its message is.
  const message = "The target could not write the container's files: its disk is full.";
  return new PhaulError('DISK_FULL', message, { host: 'target', logLine: logLine ?? line });
}

const noSpace = /No space left on device|Disk quota exceeded/;
const summary = /^rsync (?:error|warning): /;

function mayPass(line: string): boolean {
  return summary.test(line) || !/\[(?:receiver|generator|Receiver|Generator)\]/.test(line);
}
