import * as z from 'zod';
import { readConfig } from '../../src/config.ts';
import type { Json } from '../../src/contracts/context.ts';
import type { DeviceContext, TargetDevice } from '../../src/contracts/device.ts';
import { PhaulError, type Refusal } from '../../src/errors.ts';
import { type Executable, executable } from './call.ts';

const schema = z.strictObject({ type: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/) });

/** The half that takes over. The source says the type, nothing else: what is run for it, this host's own settings say. */
export function externalTarget(unchecked: Json, path: string, ctx: DeviceContext): TargetDevice {
  const checked = schema.safeParse(unchecked);
  if (!checked.success)
    throw new PhaulError('PROTOCOL_ERROR', 'What the source says of its device cannot be.');
  const { type } = checked.data;
  let found: Executable | null = null;
  let touched = false;
  let withdraw = (): void => undefined;
  let taking: Promise<void> = Promise.resolve();
  const program = async (): Promise<Executable> => {
    found ??= await lookUp(type, path, ctx);
    return found;
  };
  const refuse = (thrown: unknown): Refusal[] => {
    if (!(thrown instanceof PhaulError)) throw thrown;
    const { code, message, hint } = thrown;
    return [{ code, message, hint, host: 'target' }];
  };
  return {
    name: type,
    refusals: () => program().then(({ check }) => check(), refuse),
    begin: async () => {
      const { step, ifKilled } = await program();
      touched = true;
      withdraw = ifKilled('undo');
      ifKilled('done');
      await step('begin');
    },
    takeOver: () => {
      taking = program().then(({ step }) => step('transfer'));
      taking.catch(() => undefined);
      return Promise.resolve();
    },
    takenOver: () => taking,
    finish: async () => (await program()).step('done'),
    abort: async () => {
      if (!touched) return;
      await taking.catch(() => undefined);
      await (await program()).step('undo');
      withdraw();
      touched = false;
    },
  };
}

/** @throws CONFIG_INVALID, DEVICE_REFUSED */
async function lookUp(type: string, path: string, ctx: DeviceContext): Promise<Executable> {
  const settings = (await readConfig(path)).devices[type];
  const section = `[devices.${type}]`;
  const { container } = ctx.move;
  if (!settings)
    throw new PhaulError(
      'DEVICE_REFUSED',
      `The container has a device ${type}, and ${path} on the target has no section ${section}.`,
      { hint: 'Write one there, as on the source.' },
    );
  if (settings.containers && !settings.containers.includes(container))
    throw new PhaulError(
      'DEVICE_REFUSED',
      `The section ${section} in ${path} on the target is not for ${container}.`,
      { hint: 'Add the container to its containers there.' },
    );
  return executable(type, settings, 'in', ctx);
}
