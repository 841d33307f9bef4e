import type { Socket } from 'node:net';
import type { DriverContext, OpenStream } from '../../src/contracts/context.ts';
import type { FsTree, SourceFs, SyncResult } from '../../src/contracts/fs-driver.ts';
import { PhaulError } from '../../src/errors.ts';
import { lastLine } from '../../src/run.ts';
import { found, imageAt } from './image.ts';
import { talk, withRoom } from './talk.ts';

// $1: an empty directory, $2: the image, then flags for podman. The target says `present`, or the layers that it has: of podman's copy of the image
// these need not go. podman leaves layers as they are, so each is called by the digest by which the target knows it. Descriptor 3 is told how many bytes go.
const script = `
copy=$1/image image=$2
shift 2
read -r word has || exit 1
[ "$word" != present ] || exit 0
podman "$@" save --quiet --format docker-dir --output "$copy" "$image" >&2 || exit 1
for layer in $has; do case $layer in *[!0-9a-f]*) ;; *) rm -f "$copy/$layer" ;; esac; done
du --summarize --bytes "$copy" >&3
tar -C "$copy" -cf - . || exit 1
read -r word reason
[ "$word" = ok ] || { echo "$reason" >&2; exit 1; }`;

const nothing: SyncResult = { bytes: 0, changed: 0, files: 0 };

/** The half that sends. An image never changes: it goes in the first round. */
export function podmanImageSource(trees: readonly FsTree[], ctx: DriverContext): SourceFs {
  const images = trees.map(({ source }) => imageAt(source));
  let known: Promise<readonly Awaited<ReturnType<typeof found>>[]> | null = null;
  const all = (): NonNullable<typeof known> =>
    (known ??= Promise.all(images.map((image) => found(image, ctx))));
  let sent = false;
  return {
    refusals: () => Promise.resolve([]),
    // Nothing of it is certain: the target may have its layers in other images.
    demands: async () => (await all()).map(({ bytes }) => ({ least: 0, about: bytes, inodes: 0 })),
    sync: async (open) => {
      if (sent) return nothing;
      let bytes = 0;
      for (const [index, { flags }] of (await all()).entries())
        bytes += await send(await opened(open, index), images[index]!.id, flags, ctx);
      sent = true;
      return { bytes, changed: bytes, files: 0 };
    },
    release: () => Promise.resolve(),
  };
}

/** A stream that says which tree it is for. */
async function opened(open: OpenStream, index: number): Promise<Socket> {
  const stream = await open();
  stream.write(`${index}\n`);
  return stream;
}

/** Gives the bytes that went. @throws FS_SYNC */
async function send(
  stream: Socket,
  id: string,
  flags: readonly string[],
  ctx: DriverContext,
): Promise<number> {
  const { code, said, stderr } = await withRoom(ctx, (directory) =>
    talk(script, stream, [directory, id, ...flags], ctx.signal),
  ).finally(() => stream.destroy());
  if (code === 0) return Number.parseInt(said, 10) || 0;
  if (ctx.signal.aborted) throw new PhaulError('CANCELLED', 'The image was not sent to its end.');
  const message = `The image ${id.slice(0, 12)} could not be sent: ${lastLine(stderr) || 'the connection broke'}.`;
  throw new PhaulError('FS_SYNC', message);
}
