import { execFileSync } from 'node:child_process';

/**
 * The Debian archive that this machine installs from.
 * @throws if its apt sources name none
 */
export function debianMirror(): string {
  const format = '$(LABEL)|$(SUITE)|$(REPO_URI)';
  const targets = execFileSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const archives = targets.split('\n').map((line) => {
    const [label = '', suite = '', uri = ''] = line.split('|');
    return { label, suite, uri };
  });
  // Before the first `apt-get update` apt knows no labels yet, only addresses.
  const archive =
    archives.find(({ label }) => label === 'Debian') ?? archives.find(({ uri }) => /\/debian\/?$/.test(uri));
  if (!archive)
    throw new Error('the apt sources of this machine name no Debian archive (see apt-get indextargets)');
  return archive.uri;
}

/** What apt needs on this machine to reach and accept its mirror, as `--aptopt` values. */
export function aptOptions(): string[] {
  const dump = execFileSync('apt-config', ['dump', '--format', '%F "%v";%n'], { encoding: 'utf8' });
  return dump.split('\n').filter((line) => /^Acquire::(Check-|https?::(Proxy|CaInfo|Verify))/i.test(line));
}
