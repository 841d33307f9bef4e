import type { DriverContext } from '../../src/contracts/context.ts';
import type { Revival } from '../../src/contracts/htype.ts';
import { PhaulError } from '../../src/errors.ts';
import { lastLine } from '../../src/run.ts';
import { shellWords } from '../oci/shell.ts';

/** Stop and start of a container by podman itself, so that podman takes its end for wanted: no restart policy acts. */
export function podmanRevival(id: string, name: string, ctx: DriverContext): Revival {
  // All of it is asked when the migration is being undone, too.
  const told = async (format: string): Promise<string> =>
    (await ctx.run('podman', ['container', 'inspect', '--format', format, id], { abortable: false })).trim();
  const runs = async (): Promise<boolean> => ['running', 'paused'].includes(await told('{{.State.Status}}'));
  return {
    stop: async (graceMs) => {
      if (!(await runs())) throw endedByItself(name);
      const signal = await told('{{.Config.StopSignal}}');
      const seconds = String(Math.max(1, Math.ceil(graceMs / 1000)));
      const { exitCode, stderr } = await ctx.attempt('podman', ['stop', '--time', seconds, id], {
        abortable: false,
      });
      if (exitCode !== 0)
        throw new PhaulError('STOP_FAILED', `podman cannot stop ${name}: ${lastLine(stderr)}`, {
          host: 'source',
        });
      return { signal, killed: stderr.includes('resorting to SIGKILL') };
    },
    stillStopped: async () => !(await runs()),
    start: async () => {
      if (await runs()) return;
      await ctx.run('podman', ['start', id], { abortable: false, quiet: true });
    },
    // podman would take a start of what still runs for done.
    startByHand: `podman container inspect --format '{{.State.Running}}' ${shellWords(name)} | grep -qx false && ${shellWords('podman', 'start', name)}`,
  };
}

function endedByItself(name: string): PhaulError {
  return new PhaulError('STOP_FAILED', `${name} ended by itself before it was asked to stop.`, {
    host: 'source',
    sourceState: 'stopped',
    hint: 'phaul leaves it as it is. Look why it ended; then start it, and migrate again.',
  });
}
