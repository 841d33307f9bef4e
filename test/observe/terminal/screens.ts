import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import xterm from '@xterm/headless';
import { bundledText } from '../../bundle.ts';
import { lanes } from '../../lanes.ts';
import { atMarks } from './marks.ts';

const directory = fileURLToPath(new URL('.', import.meta.url));

export interface Showing {
  /** A file in test/observe/runs, without its ending. */
  readonly run: string;
  readonly columns: number;
  readonly rows?: number;
  readonly options?: { readonly verbose?: boolean; readonly quiet?: boolean; readonly json?: boolean };
  /** The size that the terminal gets right after an event of that type. */
  readonly resizes?: Readonly<Record<string, readonly [number, number]>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Shown {
  /** What the screen shows after the nth event of that type, or at the `end`, rows without the blanks at their ends. */
  readonly after: (name: string, nth?: number) => string[];
  /** Everything that the terminal was sent. */
  readonly stream: string;
}

const oneOfFew = lanes(3);
let player: string | undefined;

/** Plays a recorded run in a real pseudo-terminal, and what comes out of that to a model of a terminal. */
export const show = (showing: Showing): Promise<Shown> => oneOfFew(() => play(showing));

async function play(showing: Showing): Promise<Shown> {
  const { run, columns, rows = 24, options = {}, resizes = {}, env = {} } = showing;
  player ??= bundledText("import './test/observe/terminal/player.ts';");
  const words = [
    process.execPath,
    player,
    `${directory}../runs/${run}.jsonl`,
    JSON.stringify(options),
    JSON.stringify(resizes),
  ]
    .map((word) => `'${word}'`)
    .join(' ');
  const { NO_COLOR: _, ...clean } = process.env;
  const { stdout } = await promisify(execFile)(
    'script',
    ['--quiet', '--return', '--command', `stty cols ${columns} rows ${rows}; exec ${words}`, '/dev/null'],
    { env: { ...clean, TERM: 'xterm-256color', ...env }, timeout: 170_000, maxBuffer: 2 ** 26 },
  );
  return replay(stdout, columns, rows);
}

/** What a terminal shows of what it is sent. */
export async function replay(stream: string, columns: number, rows: number): Promise<Shown> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const screens: { name: string; lines: string[] }[] = [];
  for (const { text, name } of atMarks(stream)) {
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    const [, width, height] = /^size (\d+) (\d+)$/.exec(name) ?? [];
    if (width && height) terminal.resize(Number(width), Number(height));
    screens.push({ name, lines: linesOf(terminal) });
  }
  return {
    stream,
    after: (name, nth = 1) => {
      const screen = screens.filter((each) => each.name === name)[nth - 1];
      if (!screen) throw new Error(`no ${name} ${nth} in:\n${stream}`);
      return screen.lines;
    },
  };
}

/** All that can be seen, what has scrolled away included. */
function linesOf({ buffer }: xterm.Terminal): string[] {
  const { active } = buffer;
  const lines = Array.from(
    { length: active.length },
    (_, row) => active.getLine(row)?.translateToString(true) ?? '',
  );
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
}
