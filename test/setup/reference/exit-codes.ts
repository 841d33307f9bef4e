import type { codes, ErrorCode } from '../../../src/error-codes.ts';

type ExitCode = 0 | (typeof codes)[ErrorCode]['exit'];

interface Meaning {
  readonly meaning: string;
  readonly container: string;
  /** The first release that had it. */
  readonly since: string;
}

const asBefore = 'runs on the source as before';

export const exitCodes: Readonly<Record<ExitCode, Meaning>> = {
  0: {
    meaning: 'Done. For check and --dry-run: nothing would refuse.',
    container: 'on the target (check and --dry-run: as before)',
    since: '0.1.0',
  },
  1: { meaning: 'Failed, and everything was undone.', container: asBefore, since: '0.1.0' },
  2: { meaning: 'The command line is wrong: nothing was changed.', container: asBefore, since: '0.1.0' },
  3: { meaning: 'Preflight refused: nothing was changed.', container: asBefore, since: '0.1.0' },
  4: { meaning: 'The target could not be reached or used.', container: asBefore, since: '0.1.0' },
  5: { meaning: 'An operator must look.', container: 'see the message', since: '0.1.0' },
  130: {
    meaning: 'Ended by SIGINT (Ctrl-C) or `phaul cancel`, and everything was undone.',
    container: asBefore,
    since: '0.1.0',
  },
  143: {
    meaning: 'Ended by SIGTERM or SIGHUP, and everything was undone.',
    container: asBefore,
    since: '0.1.0',
  },
};
