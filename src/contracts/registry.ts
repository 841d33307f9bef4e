import { external } from '../../devices/external/external.ts';
import { network } from '../../devices/network/network.ts';
import { btrfs } from '../../fs-drivers/btrfs/btrfs.ts';
import { rsync } from '../../fs-drivers/rsync/rsync.ts';
import { shared } from '../../fs-drivers/shared.ts';
import { pid } from '../../htypes/pid.ts';
import { runc } from '../../htypes/runc/runc.ts';
import { PhaulError } from '../errors.ts';
import type { DeviceDriver } from './device.ts';
import type { FsDriver } from './fs-driver.ts';
import type { HType } from './htype.ts';
import { wrapDevice, wrapFsDriver, wrapHType } from './wrap.ts';

/** Everything built in. This is the one place that names the drivers. */
const htypes: readonly HType[] = [runc, pid];
/** Where several suit a tree, the first is taken. */
const fsDrivers: readonly FsDriver[] = [shared, btrfs, rsync];
const devices: readonly DeviceDriver[] = [network, external];

export const drivers = { htypes, fsDrivers, devices } as const;

/** All drivers of a kind that this host has, as the core uses them (wrap.ts). */
export const allHTypes = (): Promise<HType[]> => Promise.resolve(htypes.map(wrapHType));
export const allFsDrivers = (): Promise<FsDriver[]> => Promise.resolve(fsDrivers.map(wrapFsDriver));
export const allDeviceDrivers = (): Promise<DeviceDriver[]> => Promise.resolve(devices.map(wrapDevice));

/** @throws DRIVER_UNKNOWN */
export const htypeNamed = async (name: string): Promise<HType> => wrapHType(named('htype', htypes, name));
/** @throws DRIVER_UNKNOWN */
export const fsDriverNamed = async (name: string): Promise<FsDriver> =>
  wrapFsDriver(named('fs driver', fsDrivers, name));
/** @throws DRIVER_UNKNOWN */
export const deviceDriverNamed = async (name: string): Promise<DeviceDriver> =>
  wrapDevice(named('device driver', devices, name));

function named<D extends { readonly name: string }>(kind: string, among: readonly D[], name: string): D {
  const found = among.find((driver) => driver.name === name);
  if (found) return found;
  const known = among.map((driver) => driver.name).join(', ');
  throw new PhaulError('DRIVER_UNKNOWN', `There is no ${kind} ${name}; built in: ${known}.`);
}
