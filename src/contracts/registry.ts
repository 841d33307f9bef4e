import { external } from '../../devices/external/external.ts';
import { network } from '../../devices/network/network.ts';
import { btrfs } from '../../fs-drivers/btrfs/btrfs.ts';
import { podmanImage } from '../../fs-drivers/podman-image/podman-image.ts';
import { rsync } from '../../fs-drivers/rsync/rsync.ts';
import { shared } from '../../fs-drivers/shared.ts';
import { crun } from '../../htypes/crun.ts';
import { lxc } from '../../htypes/lxc/lxc.ts';
import { pid } from '../../htypes/pid.ts';
import { podman } from '../../htypes/podman/podman.ts';
import { runc } from '../../htypes/runc.ts';
import { type Config, readConfig } from '../config.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { version } from '../version.ts';
import type { DeviceDriver } from './device.ts';
import type { DriverKind } from './driver.ts';
import type { FsDriver } from './fs-driver.ts';
import type { HType } from './htype.ts';
import { type DriverOf, type Found, loadDriver } from './load.ts';
import { wrapDevice, wrapFsDriver, wrapHType } from './wrap.ts';

/** Everything built in. This is the one place that names the drivers. */
export const builtIn: { readonly [Kind in DriverKind]: readonly DriverOf[Kind][] } = {
  htype: [runc, crun, podman, lxc, pid],
  // Where several suit a tree, the first is taken.
  fs: [shared, btrfs, podmanImage, rsync],
  device: [network, external],
};

const noun = { htype: 'htype', fs: 'fs driver', device: 'device driver' } as const;

/** The htypes of this host that can be used, as the core uses them; and why others cannot, if there are such. */
export async function usableHTypes(): Promise<{ htypes: HType[]; problem: PhaulError | null }> {
  try {
    const found = (await findDrivers('htype')).map(({ driver }) => driver);
    const htypes = found.flatMap((each) => (each instanceof PhaulError ? [] : [wrapHType(each)]));
    return { htypes, problem: found.find((each) => each instanceof PhaulError) ?? null };
  } catch (error) {
    return { htypes: builtIn.htype.map(wrapHType), problem: asPhaulError(error) };
  }
}

/** All drivers of a kind that this host has, in the order in which they are asked. @throws CONFIG_INVALID, and why one that is listed cannot be used */
export const allFsDrivers = async (): Promise<FsDriver[]> => (await all('fs')).map(wrapFsDriver);
export const allDeviceDrivers = async (): Promise<DeviceDriver[]> => (await all('device')).map(wrapDevice);

/** One of them. @throws DRIVER_UNKNOWN, or why it cannot be used */
export const htypeNamed = async (name: string): Promise<HType> => wrapHType(await named('htype', name));
export const fsDriverNamed = async (name: string): Promise<FsDriver> => wrapFsDriver(await named('fs', name));
export const deviceDriverNamed = async (name: string): Promise<DeviceDriver> =>
  wrapDevice(await named('device', name));

/**
 * What this host has of a kind, usable or not: what is built in, then what its settings list, in that order.
 * @throws CONFIG_INVALID
 */
export async function findDrivers<Kind extends DriverKind>(
  kind: Kind,
  settings: Promise<Pick<Config, 'drivers'>> = readConfig(),
): Promise<Found<Kind>[]> {
  const { drivers } = await settings;
  const loaded = await Promise.all(drivers[kind].map((entry) => loadDriver(kind, entry, drivers.directory)));
  const own = builtIn[kind].map((driver) => ({
    kind,
    name: driver.name,
    origin: 'built-in',
    version,
    driver,
  }));
  return withoutDoubles([...own, ...loaded]);
}

/** Of two with one name the first counts. */
function withoutDoubles<Kind extends DriverKind>(found: readonly Found<Kind>[]): Found<Kind>[] {
  return found.map((each, index) => {
    const first = found.findIndex(({ name }) => name === each.name);
    if (first === index || each.driver instanceof PhaulError) return each;
    const message = `There are two drivers of the kind ${each.kind} called ${each.name}: ${found[first]?.origin} and ${each.origin}.`;
    return { ...each, driver: new PhaulError('DRIVER_DUPLICATE', message) };
  });
}

async function all<Kind extends DriverKind>(kind: Kind): Promise<DriverOf[Kind][]> {
  return (await findDrivers(kind)).map(({ driver }) => usable(driver));
}

async function named<Kind extends DriverKind>(kind: Kind, name: string): Promise<DriverOf[Kind]> {
  // Without the settings: what is wrong there must not keep a migration from being ended.
  const own = builtIn[kind].find((driver) => driver.name === name);
  if (own) return own;
  const found = await findDrivers(kind);
  const one = found.find((each) => each.name === name);
  if (one) return usable(one.driver);
  const known = found.map((each) => each.name).join(', ');
  throw new PhaulError('DRIVER_UNKNOWN', `There is no ${noun[kind]} ${name}; there are: ${known}.`);
}

function usable<D>(driver: D | PhaulError): D {
  if (driver instanceof PhaulError) throw driver;
  return driver;
}
