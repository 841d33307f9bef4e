// The report as a browser shows it.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { reportPage } from '../../../src/observe/report/page.ts';
import { eventsOf, hostile, hostileRun } from './runs.ts';

interface Browser {
  readonly directory: string;
  /** Opens the page and gives what the browser writes. */
  readonly open: (...args: string[]) => Promise<string>;
}

function browser(t: ExecutionContext, page: string): Browser {
  const directory = mkdtempSync('/tmp/phaul-report-');
  t.teardown(() => rmSync(directory, { recursive: true, maxRetries: 5 }));
  writeFileSync(join(directory, 'report.html'), page);
  const usual = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  const home = `--user-data-dir=${join(directory, 'home')}`;
  return {
    directory,
    open: async (...args) => {
      const all = [...usual, home, '--window-size=900,1400', ...args, `file://${directory}/report.html`];
      return (await promisify(execFile)('chromium', all, { timeout: 100_000 })).stdout;
    },
  };
}

test.serial('a browser finds the charts, and no element that a name has made', async (t) => {
  const { open } = browser(t, reportPage(hostileRun()));
  const found = await open('--dump-dom');
  t.is(found.match(/<svg /g)?.length, 4);
  t.notRegex(found, /<script|<img|taken<\/title>| onerror="| onload="/);
  t.true(found.includes(`&lt;script&gt;document.title = "taken"`), hostile);
});

test.serial('it is light or dark, as the reader has it, and can be printed', async (t) => {
  const { directory, open } = browser(t, reportPage(eventsOf('live-with-iterations')));
  const shot = async (scheme: 'dark' | 'light'): Promise<string> => {
    const path = join(directory, `${scheme}.png`);
    await open(`--screenshot=${path}`, `--blink-settings=preferredColorScheme=${scheme === 'dark' ? 0 : 1}`);
    return firstPixel(readFileSync(path));
  };
  t.deepEqual([await shot('light'), await shot('dark')], ['ffffff', '14181f']);
  const pdf = join(directory, 'report.pdf');
  await open(`--print-to-pdf=${pdf}`);
  t.regex(readFileSync(pdf).toString('latin1'), /^%PDF-[^]*\/Type \/Page\b/);
});

/** Of a PNG with 8 bits for each colour; whatever its filter is, the first pixel is as it is. */
function firstPixel(png: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  return inflateSync(Buffer.concat(parts)).subarray(1, 4).toString('hex');
}
