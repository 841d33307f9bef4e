import { PhaulError, type HostRole, type Refusal } from '../../src/errors.ts';
import type { DriverContext } from '../../src/contracts/context.ts';

// 3.2 compares nanoseconds reliably and has the checksums and daemon options used here.
const oldest = [3, 2] as const;

/** Why the rsync of this host will not do. */
export async function rsyncRefusals(ctx: DriverContext, host: HostRole): Promise<Refusal[]> {
  const refusal = (message: string): Refusal[] => [
    { code: 'TOOL_MISSING', message, hint: `Install rsync ${oldest.join('.')} or newer there.`, host },
  ];
  try {
    const [line = ''] = (await ctx.run('rsync', ['--version'])).split('\n');
    if (isNewEnough(line)) return [];
    return refusal(`rsync on the ${host} is too old: ${line}`);
  } catch (error) {
    if (error instanceof PhaulError && error.code === 'TOOL_MISSING')
      return refusal(`rsync is not installed on the ${host}.`);
    throw error;
  }
}

/** Whether the first line of `rsync --version` names a release that will do. */
export function isNewEnough(line: string): boolean {
  const [, major, minor] = /version v?(\d+)\.(\d+)/.exec(line) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
}

/** Why the find of this host, which looks for what has changed, will not do. */
export async function findRefusals(ctx: DriverContext): Promise<Refusal[]> {
  const text = await ctx.run('find', ['--version']).catch(() => '');
  if (text.includes('GNU findutils')) return [];
  const message = 'GNU find is not installed on the source.';
  return [{ code: 'TOOL_MISSING', message, hint: 'Install findutils there.', host: 'source' }];
}
