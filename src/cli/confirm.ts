import { createInterface } from 'node:readline/promises';
import { PhaulError } from '../errors.ts';

/** States a danger and has it accepted. @param yes it has been already, on the command line @throws USAGE, CANCELLED */
export async function confirm(danger: string, yes: boolean): Promise<void> {
  process.stderr.write(`${danger}\n`);
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new PhaulError('USAGE', 'Nobody is there to confirm that.', { hint: 'Say --yes.' });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Type yes to do it: ').finally(() => terminal.close());
  if (answer.trim() !== 'yes') throw new PhaulError('CANCELLED', 'Nothing was done.');
}
