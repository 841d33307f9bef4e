import type { Socket } from 'node:net';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { FsTree, TargetFs } from '../../src/contracts/fs-driver.ts';
import { PhaulError } from '../../src/errors.ts';
import { lastLine } from '../../src/run.ts';
import { type Image, imageAt, sought } from './image.ts';
import { talk, withRoom } from './talk.ts';

/** An image in this host's storage. */
interface Place extends Image {
  /** For podman to find it. */
  readonly flags: readonly string[];
  readonly present: boolean;
}

// $1: an empty directory, then flags for podman. podman looks for layers in its own storage first, so it is told of none that is there.
const script = `
copy=$1
shift
layers=$(podman "$@" images --all --quiet --no-trunc | sort -u | xargs -r podman "$@" image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}' | sed 's/^sha256://' | sort -u | tr '\\n' ' ')
echo "has $layers"
tar -C "$copy" --no-same-owner --no-same-permissions -xf -`;

/** The half that receives. */
export function podmanImageTarget(trees: readonly FsTree[], ctx: DriverContext): TargetFs {
  const images = trees.map(({ target }) => imageAt(target));
  const places: Place[] = [];
  return {
    refusals: async () =>
      ctx.run('podman', ['--version']).then(
        () => [],
        () => [
          {
            code: 'TOOL_MISSING',
            message: 'podman is not installed.',
            hint: 'Install podman.',
            host: 'target',
          } as const,
        ],
      ),
    prepare: async () => {
      for (const image of images) {
        const place = { ...image, ...(await sought(image, ctx)) };
        places.push(place);
        if (!place.present) ctx.ifKilled('podman', removal(place));
      }
    },
    serve: async (stream) => {
      try {
        await serve(stream, places, ctx);
      } finally {
        stream.destroy();
      }
    },
    abort: async () => {
      for (const place of places.filter(({ present }) => !present)) {
        const { exitCode, stderr } = await ctx.attempt('podman', removal(place), { abortable: false });
        // Somebody else may have made a container of it meanwhile.
        if (exitCode !== 0) ctx.log(`The image ${place.id.slice(0, 12)} stays: ${lastLine(stderr)}`);
      }
    },
  };
}

const removal = ({ flags, id }: Place): string[] => [...flags, 'image', 'rm', '--ignore', id];

/** What the other half says, and waits for, is in source.ts. */
async function serve(stream: Socket, places: readonly Place[], ctx: DriverContext): Promise<void> {
  const { said } = await talk('read -r number && echo "$number" >&3', stream, [], ctx.signal);
  const place = places[Number(said)];
  if (said === '' || !place)
    throw new PhaulError('PROTOCOL_ERROR', 'A stream of files is for no known tree.');
  if (place.present) return answer(stream, 'present');
  await withRoom(ctx, async (directory) => {
    const { code, stderr } = await talk(script, stream, [directory, ...place.flags], ctx.signal);
    if (ctx.signal.aborted) throw new PhaulError('CANCELLED', 'The image was not received to its end.');
    const failure = code === 0 ? await pull(place, directory, ctx) : lastLine(stderr);
    await answer(stream, failure === null ? 'ok' : `failed the target says: ${failure}`);
  });
}

/** Gives the reason why not. Ended in the middle podman would leave layers behind that belong to no image: so it is not, and `abort` waits for it. */
async function pull({ flags, id }: Place, directory: string, ctx: DriverContext): Promise<string | null> {
  const whole = { abortable: false };
  const { stderr } = await ctx.attempt('podman', [...flags, 'pull', '--quiet', `dir:${directory}`], whole);
  const { exitCode } = await ctx.attempt('podman', [...flags, 'image', 'exists', id], whole);
  return exitCode === 0 ? null : lastLine(stderr);
}

async function answer(stream: Socket, line: string): Promise<void> {
  await new Promise<void>((resolve) => stream.end(`${line}\n`, () => resolve()));
}
