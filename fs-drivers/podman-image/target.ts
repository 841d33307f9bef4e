import type { Socket } from 'node:net';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { FsTree, TargetFs } from '../../src/contracts/fs-driver.ts';
import { imageOf } from './image-of.ts';
import { talk } from './talk.ts';

// $2 …: the images that are expected. The source says which of them it is. What podman finds in its own storage it does not look for in the directory.
const script = `
read -r number || exit 1
directory=$1
shift "$((number + 1))"
image=$1
if podman image exists "$image"; then echo present; exit 0; fi
layers=$(podman images --all --quiet --no-trunc | sort -u | xargs -r podman image inspect --format '{{range .RootFS.Layers}}{{println .}}{{end}}' | sed 's/^sha256://' | sort -u | tr '\\n' ' ')
echo "has $layers"
tar -C "$directory" --no-same-owner --no-same-permissions -xf - || { echo 'failed tar on the target cannot unpack it'; exit 1; }
said=$(podman pull --quiet "dir:$directory" 2>&1)
if podman image exists "$image"; then echo "$image" >&3; echo ok; else echo "failed podman on the target: $(echo "$said" | tail -n 1)"; exit 1; fi`;

/** The half that receives. */
export function podmanImageTarget(trees: readonly FsTree[], ctx: DriverContext): TargetFs {
  const images = trees.map(imageOf);
  const brought: string[] = [];
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
    prepare: () => Promise.resolve(),
    serve: async (stream) => {
      brought.push(...(await receive(stream, images, ctx)));
    },
    abort: async () => {
      for (const image of brought) await ctx.attempt('podman', ['image', 'rm', image], { abortable: false });
      brought.length = 0;
    },
  };
}

/** Gives the images that have come. */
async function receive(stream: Socket, images: readonly string[], ctx: DriverContext): Promise<string[]> {
  const { code, said, stderr } = await talk(script, stream, images, ctx);
  if (code !== 0) ctx.log(`The image was not received: ${stderr.trim()}`);
  return said.split('\n').filter(Boolean);
}
