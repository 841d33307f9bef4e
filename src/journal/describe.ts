import type { Story } from './story.ts';

/** Where a migration stands on this host, in plain words, and what is to be done, if anything. @param kept a living phaul is at work on it */
export function describe(story: Story, kept: boolean): { readonly where: string; readonly todo: string } {
  const { role, state, migration, container, peer, mode } = story;
  const recover = `phaul recover ${migration}`;
  const held = mode === 'live' ? 'frozen' : 'stopped';
  if (role === 'source')
    switch (state) {
      case 'handed':
        return {
          where: `${container} has been handed over to ${peer}, and whether it runs there is not known. It is held ${held} here.`,
          todo: `${kept ? `phaul is asking ${peer}.` : `phaul asks ${peer} again and again in the background, and ends it as soon as it gets an answer; ${recover} asks at once.`} Should ${peer} be lost for ever: ${recover} --target-is-dead lets ${container} go on here. Should you see it run there: ${recover} --source-is-dead removes it here.`,
        };
      case 'landed':
        return {
          where: `${container} runs on ${peer}.`,
          todo: kept ? '' : `${recover} removes what is left here, and tells ${peer}.`,
        };
      case 'undone':
        return {
          where: `${container} is this host's as before. ${peer} has not been told.`,
          todo: `${recover} tells it; phaul tries that in the background.`,
        };
      default:
        return {
          where: `${container} is this host's; it is being moved to ${peer}.`,
          todo: kept ? '' : `phaul has died meanwhile: ${recover} undoes what it did.`,
        };
    }
  switch (state) {
    case 'ready':
      return {
        where: `${container} is complete here and waits for the word of ${peer}. It does not run here.`,
        todo: `${peer} gives it, or takes the container back, as soon as the two can talk. Should ${peer} be lost for ever: ${recover} --source-is-dead lets ${container} run here. Should you see it run there: ${recover} --target-is-dead removes it here.`,
      };
    case 'committed':
    case 'running':
      return { where: `${container} is being let run here.`, todo: kept ? '' : `${recover} ends that.` };
    case 'landed':
      return {
        where: `${container} came from ${peer} and was let run here.${story.lost === null ? '' : ` ${story.lost}`}`,
        todo: kept ? '' : `Nothing: ${peer} has not confirmed it yet.`,
      };
    case 'undone':
      return {
        where: `${container} did not come from ${peer}.`,
        todo: `Nothing: ${peer} does not know yet.`,
      };
    default:
      return {
        where: `${container} is on its way from ${peer}. It does not run here.`,
        todo: kept ? '' : `phaul has died meanwhile: ${recover} undoes what it did.`,
      };
  }
}
