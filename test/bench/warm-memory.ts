import type { Host } from '../lab/host.ts';

/**
 * Touches that much memory and gives it back, so that whoever runs next finds memory that is quick to get. A virtual machine may hand
 * free memory back to its own host (free page reporting), and then getting it again takes twenty times as long: without this the
 * rival would gain a second by killing the source early, whose memory the restore gets at once, as only a lab on one machine has it.
 */
export async function warmMemory(host: Host, mebibytes: number): Promise<void> {
  await host.run(['python3', '-c', `b"1" * (${mebibytes} << 20)`]);
}
