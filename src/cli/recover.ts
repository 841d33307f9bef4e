import type { CommandModule, InferredOptionTypes, Options } from 'yargs';
import { asPhaulError, PhaulError } from '../errors.ts';
import { settleAbandoned, settleTarget } from '../journal/abandoned.ts';
import { awaitJournal, isKept, type Journal, stories, takeOverJournal } from '../journal/journal.ts';
import type { Story } from '../journal/story.ts';
import type { Log } from '../log/record.ts';
import { updateTextfile } from '../metrics/textfile.ts';
import { dangerOnSource, type Dead, declareOnSource } from '../migration/declare.ts';
import { settle } from '../migration/settle.ts';
import { dangerOnTarget, declareOnTarget } from '../service/declare.ts';
import type { Words } from '../service/resume.ts';
import { confirm } from './confirm.ts';
import { hostLog } from './host-log.ts';
import { needRoot } from './need-root.ts';
import { configOptions, logOptions } from './options.ts';
import { logFailures, logFound, logRecovered, of } from './recovered.ts';

const options = {
  'target-is-dead': {
    type: 'boolean',
    default: false,
    describe: "The target will never be heard of again: the container is the source's. Asks first",
  },
  'source-is-dead': {
    type: 'boolean',
    default: false,
    describe: "The source will never be heard of again: the container is the target's. Asks first",
  },
  yes: { type: 'boolean', default: false, describe: 'Do not ask' },
  ...logOptions,
  ...configOptions,
} as const satisfies Record<string, Options>;

type Arguments = InferredOptionTypes<typeof options> & { id?: string | undefined };

export const recoverCommand: CommandModule<object, Arguments> = {
  command: 'recover [id]',
  describe:
    'Finish or undo what a phaul that was killed, or lost its connection, left behind; phaul tries that by itself, too',
  builder: (yargs) =>
    yargs
      .positional('id', { type: 'string', describe: "A migration's id; without it: all on this host" })
      .options(options)
      .example('$0 recover', 'Everything on this host')
      .example('$0 recover ID --target-is-dead', 'Let it go on here, whatever the target may do'),
  handler: async ({ id, targetIsDead, sourceIsDead, yes, logLevel, logFormat }) => {
    needRoot();
    const { log, stderr } = await hostLog({ logLevel, logFormat });
    const dead: Dead | null = targetIsDead ? 'target' : sourceIsDead ? 'source' : null;
    if (targetIsDead && sourceIsDead)
      throw new PhaulError('USAGE', 'One of them has to live: --target-is-dead or --source-is-dead.');
    if (dead && id === undefined)
      throw new PhaulError('USAGE', 'Of which migration?', { hint: 'phaul status lists them.' });
    const isMeant = ({ migration }: Story): boolean => id === undefined || migration === id;
    const before = (await stories()).filter(
      (story) => isMeant(story) && !isKept(story.migration, story.role),
    );
    logFound(log, before);
    // Who asks for one is not told of the others': those have guards of their own.
    const failures = (await settleAbandoned()).filter(({ story }) => isMeant(story));
    const meant = (await stories()).filter(isMeant);
    const words = (story: Story): Words['say'] => wordsOf(story, log, stderr === null);
    if (dead && meant.length === 0)
      throw new PhaulError('USAGE', `This host knows of no migration ${id}.`, {
        hint: 'phaul status lists them.',
      });
    for (const story of meant) {
      if (dead) await declare(story, dead, yes, words(story));
      else if (story.role === 'source' || isUndecided(story))
        // Who asks for one must not hear that all is well because somebody else had it just then: a guard would leave.
        await withJournal(story, id !== undefined, (journal) => settleOne(journal, words(story))).catch(
          (error: unknown) => failures.push({ story, error }),
        );
    }
    logRecovered(log, before, await stories());
    logFailures(log, failures);
    await updateTextfile(log);
    // One that fails, or whose target cannot be reached, must not keep the others.
    const [first] = failures;
    if (!first) return;
    if (!stderr) throw first.error;
    process.exitCode = asPhaulError(first.error).exitCode;
  },
};

/** What is said of a migration meanwhile. @param aloud stderr is for people */
function wordsOf(story: Story, log: Log, aloud: boolean): Words['say'] {
  return (level, message) => {
    log({ level: level === 'warn' ? 'warn' : 'debug', message, ...of(story) });
    if (aloud) process.stderr.write(`${message}\n`);
  };
}

const settleOne = (journal: Journal, say: Words['say']): Promise<void> =>
  journal.role === 'source' ? settle(journal, say) : settleTarget(journal);

/** On the target the rest is the source's word. */
const isUndecided = ({ state }: Story): boolean => state !== 'landed' && state !== 'undone';

async function declare(story: Story, dead: Dead, yes: boolean, say: Words['say']): Promise<void> {
  const { role, container, peer } = story;
  const danger = role === 'source' ? dangerOnSource : dangerOnTarget;
  await confirm(danger(dead, container, peer), yes);
  if (role === 'target') return declareOnTarget(story, dead, { say, onFilling: () => undefined });
  await withJournal(story, true, (journal) => declareOnSource(journal, dead));
}

/** @throws MIGRATION_RUNNING if a living phaul has it, unless it is not needed */
async function withJournal(
  { migration, role }: Story,
  needed: boolean,
  work: (journal: Journal) => Promise<void>,
): Promise<void> {
  const journal = needed ? await awaitJournal(migration, role) : takeOverJournal(migration, role);
  if (journal) await work(journal).finally(journal.close);
}
