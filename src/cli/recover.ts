import type { CommandModule, InferredOptionTypes, Options } from 'yargs';
import { PhaulError } from '../errors.ts';
import { settleAbandoned, settleTarget } from '../journal/abandoned.ts';
import { awaitJournal, type Journal, stories, takeOverJournal } from '../journal/journal.ts';
import type { Story } from '../journal/story.ts';
import { dangerOnSource, type Dead, declareOnSource } from '../migration/declare.ts';
import { settle } from '../migration/settle.ts';
import { dangerOnTarget, declareOnTarget } from '../service/declare.ts';
import { confirm } from './confirm.ts';
import { needRoot } from './need-root.ts';
import { configOptions } from './options.ts';

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
  handler: async ({ id, targetIsDead, sourceIsDead, yes }) => {
    needRoot();
    const dead: Dead | null = targetIsDead ? 'target' : sourceIsDead ? 'source' : null;
    if (targetIsDead && sourceIsDead)
      throw new PhaulError('USAGE', 'One of them has to live: --target-is-dead or --source-is-dead.');
    if (dead && id === undefined)
      throw new PhaulError('USAGE', 'Of which migration?', { hint: 'phaul status lists them.' });
    const errors = await settleAbandoned();
    const all = await stories();
    const meant = all.filter(({ migration }) => id === undefined || migration === id);
    if (dead && meant.length === 0)
      throw new PhaulError('USAGE', `This host knows of no migration ${id}.`, {
        hint: 'phaul status lists them.',
      });
    for (const story of meant) {
      if (dead) await declare(story, dead, yes);
      else if (story.role === 'source' || isUndecided(story))
        // Who asks for one must not hear that all is well because somebody else had it just then: a guard would leave.
        await withJournal(story, id !== undefined, settleOne).catch((error: unknown) => errors.push(error));
    }
    // One that fails, or whose target cannot be reached, must not keep the others.
    if (errors.length > 0) throw errors[0];
  },
};

const log = (_: 'log' | 'warn', text: string): void => void process.stderr.write(`${text}\n`);

const settleOne = (journal: Journal): Promise<void> =>
  journal.role === 'source' ? settle(journal, log) : settleTarget(journal);

/** On the target the rest is the source's word. */
const isUndecided = ({ state }: Story): boolean => state !== 'landed' && state !== 'undone';

async function declare(story: Story, dead: Dead, yes: boolean): Promise<void> {
  const { role, container, peer } = story;
  const danger = role === 'source' ? dangerOnSource : dangerOnTarget;
  await confirm(danger(dead, container, peer), yes);
  if (role === 'target') return declareOnTarget(story, dead, { say: log, onFilling: () => undefined });
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
