import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { asPhaulError, PhaulError } from '../errors.ts';
import { causeInLog } from './log.ts';
import { startSwrk } from './swrk.ts';

const names = { image: 'cpuinfo.img', log: 'cpuinfo.log' };

/** This host's CPU as CRIU's cpuinfo image; null: CRIU knows nothing to compare on such a machine. @throws CPU_CHECK */
export function dumpCpuinfo(criuPath: string): Promise<Buffer | null> {
  return inScratch(async (directory) => {
    const { success, unsupported, cause } = await asked(criuPath, directory, 'CPUINFO_DUMP');
    if (unsupported) return null;
    if (!success) throw new PhaulError('CPU_CHECK', `CRIU could not describe the source's CPU (${cause}).`);
    return readFile(join(directory, names.image));
  });
}

// What it says where it has compared and the answer is no (criu/arch/{x86,ppc64,s390}/cpu.c, cpu_validate_cpuinfo and what that calls). Each other failure has the
// same exit code.
const no =
  /not supported on host|xfeatures has unsupported bits|xsave (max )?size mismatch|capabilities do not match run time|Bad endianness/;

/** Whether this host's CPU has all that the one in `image` has. @throws CPU_CHECK if CRIU could not compare them */
export function cpuAccepts(criuPath: string, image: Uint8Array): Promise<boolean> {
  return inScratch(async (directory) => {
    await writeFile(join(directory, names.image), image);
    const { success, unsupported, cause } = await asked(criuPath, directory, 'CPUINFO_CHECK');
    if (success || unsupported) return true;
    if (no.test(cause)) return false;
    throw new PhaulError('CPU_CHECK', `CRIU could not compare the two hosts' CPUs (${cause}).`);
  });
}

async function inScratch<T>(work: (directory: string) => Promise<T>): Promise<T> {
  let directory: string | undefined;
  try {
    directory = await mkdtemp('/run/phaul-cpuinfo-');
    return await work(directory);
  } catch (thrown) {
    const { message } = asPhaulError(thrown);
    const sentence =
      thrown instanceof PhaulError ? message : `CRIU could not be asked about CPUs (${message}).`;
    throw new PhaulError('CPU_CHECK', sentence, { cause: thrown });
  } finally {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }
}

interface Told {
  readonly success: boolean;
  /** Not made for this kind of CPU (handle_cpuinfo in criu/cr-service.c). */
  readonly unsupported: boolean;
  /** What its log says of a failure. */
  readonly cause: string;
}

async function asked(criuPath: string, directory: string, type: string): Promise<Told> {
  const swrk = await startSwrk({ criuPath });
  try {
    const opts = { images_dir_fd: -1, images_dir: directory, log_file: names.log, log_level: 4 };
    const { success, cr_errno } = await swrk.request({ type, opts });
    const cause = success ? '' : await causeInLog(join(directory, names.log));
    return {
      success,
      unsupported: cr_errno === constants.errno.ENOTSUP,
      cause: cause ?? 'it does not say why',
    };
  } finally {
    await swrk.end();
  }
}
