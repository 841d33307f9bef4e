import { dumpCpuinfo } from '../criu/cpuinfo.ts';
import { codes } from '../error-codes.ts';
import { asPhaulError, type Refusal } from '../errors.ts';
import { interruptible, type Migration, sourceRefusal } from './migration.ts';

/** What CRIU says of this host's CPU. */
export interface SourceCpu {
  /** What the target compares its own with; null: nothing is compared. */
  readonly image: string | null;
  readonly refusals: readonly Refusal[];
}

export const nothingOfCpu: SourceCpu = { image: null, refusals: [] };

export async function sourceCpu(m: Migration): Promise<SourceCpu> {
  try {
    const image = await interruptible(m, dumpCpuinfo(m.options.criuPath));
    return { image: image && image.toString('base64'), refusals: [] };
  } catch (thrown) {
    const { message } = asPhaulError(thrown);
    return { image: null, refusals: [sourceRefusal('CPU_CHECK', message, codes.CPU_CHECK.hint)] };
  }
}
