import { asPhaulError } from '../errors.ts';
import { present, type Room } from './room.ts';

/** The container is this host's: what only the migration needed goes. What fails is a warning. */
export async function tidyUp(room: Room): Promise<void> {
  const { container, fs, devices } = present(room.parts);
  const steps = [
    () => container.started?.(),
    () => devices.finish(),
    ...fs.map((each) => () => each.finish?.()),
    () => room.memory?.end(),
    () => room.channels?.close(),
    () => room.workspace?.remove(),
    () => room.unlock?.(),
  ];
  for (const step of steps)
    await Promise.resolve()
      .then(step)
      .catch((error: unknown) => room.say('warn', `Not tidied up: ${asPhaulError(error).message}`));
}
