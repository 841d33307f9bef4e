import { readFile, stat } from 'node:fs/promises';
import type { Refusal } from '../../errors.ts';
import { deviceNumbers } from '../../linux/descriptors.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';
import type { Scene } from './scene.ts';

const hint = 'Stop what uses the device, or give the container no access to it.';

/** Devices of the host's: their state is in the hardware, or in the host's kernel. */
export async function openDevices({ members, host }: Scene): Promise<Refusal[]> {
  const opened = members.flatMap((member) =>
    member.descriptors
      .filter(
        ({ kind, device }) => kind === 'block' || (kind === 'character' && !movable(device, member, host)),
      )
      .map(({ link, number, device }) =>
        sourceRefusal(
          'DEVICE_OPEN',
          `${who(member)} has the device ${link} (${device.join(':')}) open as descriptor ${number}, which CRIU cannot move.`,
          hint,
        ),
      ),
  );
  const mapped = await Promise.all(members.map(mappedDevices));
  return [...opened, ...mapped.flat()];
}

const mem = 1;
const misc = 10;
const tun = 200;
const autofs = 235;

/** As CRIU decides (criu/files.c, dump_chrdev; criu/tty.c, get_tty_driver; criu/tun.c, dump_tunfile). */
function movable([major, minor]: readonly [number, number], member: Member, host: Scene['host']): boolean {
  if (major === mem || isTerminal(major)) return true;
  if (major !== misc) return false;
  return minor === autofs || (minor === tun && member.namespaces['net'] !== host['net']);
}

/** Consoles, /dev/tty, pseudo-terminals, USB and other serial lines. */
const isTerminal = (major: number): boolean =>
  [4, 5, 188, 204].includes(major) || (major >= 128 && major <= 143);

/** A device can be mapped and closed: then only the mapping shows it (criu/proc_parse.c, handle_vma). */
async function mappedDevices(member: Member): Promise<Refusal[]> {
  const maps = await readFile(`/proc/${member.pid}/maps`, 'utf8').catch(() => '');
  const paths = new Set([...maps.matchAll(/ (\/dev\/.*)$/gm)].map(([, path = '']) => path));
  const found = await Promise.all(
    [...paths].map(async (path) => {
      const file = await stat(`/proc/${member.pid}/root${path}`).catch(() => null);
      const zero = deviceNumbers(file?.rdev ?? 0).join(':') === '1:5';
      return file?.isCharacterDevice() && !zero ? [path] : [];
    }),
  );
  return found
    .flat()
    .map((path) =>
      sourceRefusal(
        'DEVICE_OPEN',
        `${who(member)} has the device ${path} mapped into its memory, which CRIU cannot move.`,
        hint,
      ),
    );
}
