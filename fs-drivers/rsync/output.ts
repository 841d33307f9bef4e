/** What one run of rsync did. */
export interface RsyncOutput {
  /** Bytes over the stream, both directions. */
  readonly bytes: number;
  /** Of these the bytes of contents that the target did not have. */
  readonly changed: number;
  /** Entries created, changed or deleted on the target. */
  readonly files: number;
  /** Regular files whose contents travelled and that had been changed shortly before or while they did; bytes as Latin-1. */
  readonly young: readonly string[];
}

/**
 * Adds up the output of rsync with `--out-format='%i %M %n' --stats --info=progress2`, in pieces as it comes: a first copy names every file.
 * @param moved called with bytes of contents that have gone since it was called last
 */
export function outputReader(moved: (bytes: number) => void = () => undefined): {
  /** From when on a file counts as young, as `rsyncTime` writes it. */
  readonly since: (time: string) => unknown;
  readonly push: (chunk: Buffer) => void;
  readonly end: () => RsyncOutput;
} {
  let youth = '';
  let rest = '';
  let bytes = 0;
  let changed = 0;
  let files = 0;
  let gone = 0;
  const young: string[] = [];
  const take = (line: string): void => {
    const sum = /^Total bytes (?:sent|received): (\d+)$/.exec(line);
    if (sum) bytes += Number(sum[1]);
    const literal = /^Literal data: (\d+) bytes$/.exec(line);
    if (literal) changed += Number(literal[1]);
    const progress = /^ +(\d+) +\d+% /.exec(line);
    if (progress) {
      moved(Number(progress[1]) - gone);
      gone = Number(progress[1]);
    }
    const item = itemPattern.exec(line);
    if (!item) return;
    const [, kind = '', time = '', name = ''] = item;
    // Contents that were only compared, and found equal, show no change. A directory's time follows what is done in it.
    if (!/^(?:<f\.+|\.d\.\.t\.+)$/.test(kind)) files += 1;
    // rsync writes it as YYYY/MM/DD-hh:mm:ss, in UTC here, so that text order is time order.
    if (kind.startsWith('<f') && time >= youth) young.push(unescaped(name));
  };
  return {
    since: (time) => (youth = time),
    push: (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split(/[\r\n]/);
      rest = lines.pop() ?? '';
      lines.forEach(take);
    },
    end: () => {
      take(rest);
      return { bytes, changed, files, young };
    },
  };
}

const itemPattern = /^([<>ch.*][a-zA-Z.+? -]{10}) +(\d{4}\/\d\d\/\d\d-\d\d:\d\d:\d\d) (.+)$/;

/** `time` as rsync's %M writes it. */
export function rsyncTime(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', '-');
}

// rsync writes unprintable bytes, and a backslash that would look like one of them, as \#ooo.
function unescaped(name: string): string {
  return name.replaceAll(/\\#([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
