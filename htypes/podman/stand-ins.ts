import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownProgram } from '../../src/own-file.ts';
import { shellWords } from '../oci/shell.ts';

/** Programs that take the places of conmon and of the runtime for the one call of podman's that starts a container which is to be restored. */
export interface StandIns {
  /** For `podman --conmon`. */
  readonly conmon: string;
  /** Where the runtime's stand-in waits to become CRIU (src/criu/stand-in.ts). */
  readonly socket: string;
  /** A file with the pid and start time (linux/processes.ts) of the real runtime, which goes on when conmon dies and its stand-in with it. */
  readonly runtimePid: string;
  /** A file with the path at which conmon will look for the first process's pid. */
  readonly pidFile: string;
  /** A file with the path at which conmon waits for the other end of the terminal, where the container has one. */
  readonly consoleFile: string;
}

// The real conmon, with another runtime than podman names. In all else podman's arguments stay: among them is how podman is called when the container ends.
const conmon = (real: string, runtime: string): string => `#!/bin/sh
left=$#
before=
while [ "$left" -gt 0 ]; do
  word=$1
  shift
  [ "$before" = -r ] && set -- "$@" ${shellWords(runtime)} || set -- "$@" "$word"
  before=$word
  left=$((left - 1))
done
exec ${shellWords(real)} "$@"
`;

// conmon calls it as it would call the runtime's restore. The container is created by the real one, with the same bundle, standard files and options.
// Its first process has conmon's pipe for errors, until the end of which conmon waits if it is told that the restore has failed.
// conmon's death is its own, too (conmon.c: PR_SET_PDEATHSIG), but not the real one's: so that is noted.
const runtime = (real: string, directory: string, socket: string): string => `#!/bin/sh
left=$#
while [ "$left" -gt 0 ]; do
  word=$1
  shift
  left=$((left - 1))
  case $word in
    restore) set -- "$@" create ;;
    --detach) ;;
    --image-path | --work-path) shift; left=$((left - 1)) ;;
    --log) set -- "$@" --log ${shellWords(join(directory, 'runtime.log'))}; shift; left=$((left - 1)) ;;
    --pid-file) printf %s "$1" >${shellWords(join(directory, 'pid-file'))}
      set -- "$@" --pid-file ${shellWords(join(directory, 'first.pid'))}; shift; left=$((left - 1)) ;;
    --console-socket) printf %s "$1" >${shellWords(join(directory, 'console-socket'))}; shift; left=$((left - 1)) ;;
    *) set -- "$@" "$word" ;;
  esac
done
sh -c 'echo $$ $(cut -d " " -f 22 /proc/$$/stat) >"$0"; exec "$@"' ${shellWords(join(directory, 'runtime-pid'), real)} "$@" || exit 1
first=$(cat ${shellWords(join(directory, 'first.pid'))})
export PHAUL_STAND_IN_COMPANION="$first $(cut -d " " -f 22 "/proc/$first/stat")"
export PHAUL_STAND_IN=${shellWords(socket)} PHAUL_STAND_IN_FOR=${process.pid} PATH=${shellWords(directory)}:"$PATH"
exec ${shellWords(process.execPath, ownProgram('src/criu/stand-in-program'))} restore
`;

/** @param real the programs of this host's podman */
export async function writeStandIns(
  real: { readonly conmon: string; readonly runtime: string },
  scratch: string,
): Promise<StandIns> {
  const directory = join(scratch, 'podman');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const at = (name: string): string => join(directory, name);
  const socket = at('stand-in');
  await writeFile(at('runtime'), runtime(real.runtime, directory, socket), { mode: 0o700 });
  await writeFile(at('conmon'), conmon(real.conmon, at('runtime')), { mode: 0o700 });
  return {
    conmon: at('conmon'),
    socket,
    runtimePid: at('runtime-pid'),
    pidFile: at('pid-file'),
    consoleFile: at('console-socket'),
  };
}
