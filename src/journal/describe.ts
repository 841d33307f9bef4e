import type { State, Story } from './story.ts';

interface Words {
  readonly where: string;
  /** Empty: nothing. */
  readonly todo: string;
}

/** Where a migration stands on this host, in plain words, and what is to be done, if anything. @param kept a living phaul is at work on it */
export function describe(story: Story, kept: boolean): Words {
  const { role, state } = story;
  const known = role === 'source' ? onSource(story, kept) : onTarget(story, kept);
  return known[state] ?? underWay(story, kept);
}

/** What an operator may decide on the source when the target cannot be asked. */
export function inDoubtAdvice({
  migration,
  container,
  peer,
}: Pick<Story, 'migration' | 'container' | 'peer'>): string {
  const recover = `phaul recover ${migration}`;
  return `Should ${peer} be lost for ever: ${recover} --target-is-dead lets ${container} go on here. Should phaul status there say that it was let run: ${recover} --source-is-dead removes it here.`;
}

const recovering = ({ migration }: Story): string => `phaul recover ${migration}`;

function onSource(story: Story, kept: boolean): Partial<Record<State, Words>> {
  const { container, peer, mode } = story;
  const recover = recovering(story);
  const asking = kept
    ? `phaul is asking ${peer}.`
    : `phaul asks ${peer} again and again in the background, and ends it as soon as it gets an answer; ${recover} asks at once.`;
  return {
    handed: {
      where: `${container} has been handed over to ${peer}, and whether it runs there is not known. It is held ${mode === 'live' ? 'frozen' : 'stopped'} here.`,
      todo: `${asking} ${inDoubtAdvice(story)}`,
    },
    landed: {
      where: `${container} runs on ${peer}.`,
      todo: kept ? '' : `${recover} removes what is left here, and tells ${peer}.`,
    },
    undone: {
      where: `${container} is this host's as before. ${peer} has not been told.`,
      todo: `phaul tells it as soon as it can be reached; ${recover} tries at once.`,
    },
  };
}

function onTarget(story: Story, kept: boolean): Partial<Record<State, Words>> {
  const { container, peer, lost } = story;
  const recover = recovering(story);
  const landing = { where: `${container} is being let run here.`, todo: kept ? '' : `${recover} ends that.` };
  return {
    standby: {
      where: `${container} is on its way from ${peer}, and devices of it may be in use here. It does not run here.`,
      todo: `${peer} goes on, or takes it back, as soon as the two can talk. Should ${peer} be lost for ever: ${recover} --target-is-dead gives the devices up here.`,
    },
    ready: {
      where: `${container} is complete here and waits for the word of ${peer}. It does not run here.`,
      todo: `${peer} gives it, or takes the container back, as soon as the two can talk. Should ${peer} be lost for ever: ${recover} --source-is-dead lets ${container} run here. Should you see it run on ${peer}: ${recover} --target-is-dead removes it here.`,
    },
    committed: landing,
    running: landing,
    landed: {
      where: `${container} came from ${peer} and was let run here.${lost === null ? '' : ` ${lost}`}`,
      todo: kept ? '' : `Nothing: ${peer} has not confirmed it yet.`,
    },
    undone: {
      where: `${container} did not come from ${peer}.`,
      todo: `Nothing: ${peer} does not know yet.`,
    },
  };
}

function underWay(story: Story, kept: boolean): Words {
  const { role, container, peer } = story;
  const where =
    role === 'source'
      ? `${container} is this host's; it is being moved to ${peer}.`
      : `${container} is on its way from ${peer}. It does not run here.`;
  return { where, todo: kept ? '' : `phaul has died meanwhile: ${recovering(story)} undoes what it did.` };
}
