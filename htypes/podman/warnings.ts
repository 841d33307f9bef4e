import type { Mode } from '../../src/acts.ts';
import type { Inspected } from './inspect.ts';

/** What will be otherwise on the target, as sentences. */
export function podmanWarnings({ Name: name, Config, HostConfig }: Inspected, mode: Mode): string[] {
  const journald = HostConfig.LogConfig.Type === 'journald';
  const [test = 'NONE'] = Config.Healthcheck?.Test ?? [];
  return [
    ...(journald
      ? [`What ${name} has written so far stays in this host's journal, where podman has put it.`]
      : []),
    ...(mode === 'live' && test !== 'NONE'
      ? [
          `podman on the target does not check the health of ${name} before it is restarted: podman restart ${name}.`,
        ]
      : []),
  ];
}
