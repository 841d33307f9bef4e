import { attempt } from '../run.ts';

const limitMs = 60_000;

/**
 * What this host's kernel lacks without which CRIU can do nothing, in CRIU's words (`criu check`); null: nothing. It leaves nothing behind but CRIU's own
 * cache of the kernel's features in /run.
 */
export async function kernelLacks(criuPath: string): Promise<string | null> {
  const { exitCode, stdout, stderr } = await attempt(criuPath, ['check'], { limitMs });
  return exitCode === 0 ? null : lastReason(`${stdout}\n${stderr}`);
}

/** The last thing that CRIU calls an error. */
export function lastReason(said: string): string {
  const errors = [...said.matchAll(/^(?:\([\d.]+\) )?Error \([^)]*\): (.+)$/gm)].map(([, text = '']) => text);
  return errors.at(-1) ?? said.trim().split('\n').at(-1) ?? '';
}
