// A client that notices everything: node redis-client.js HOST PORT [SECONDS [PAUSE]]
// On one connection it sends INCR, waits for the answer, sends the next (after PAUSE milliseconds); until SECONDS are over (0: never) or SIGTERM comes.
// stdout: {"type":"started"} with the first answer, and at the end one line as TrafficReport says.
// Exit code 0 if every answer was right, 1 otherwise, 2 for wrong use.
import { connect } from 'node:net';
import type { TrafficReport } from './traffic.ts';

const [host = '', port, seconds = '0', pause = '0'] = process.argv.slice(2);
const lastAnswerWithinMs = 10_000;

const errors: string[] = [];
let operations = 0;
let expected = 1;
let lost = 0;
let doubled = 0;
let longest = { ms: 0, at: 0 };
let last = { clock: 0, at: 0 };
let stopping = false;
let done = false;

if (!host || !Number(port) || !(Number(seconds) >= 0) || !(Number(pause) >= 0)) {
  console.error('usage: redis-client HOST PORT [SECONDS [PAUSE]]');
  process.exit(2);
}

const socket = connect({ host, port: Number(port), noDelay: true }, () =>
  socket.write('DEL lab:counter\r\n'),
);
socket.on('error', (error) => finish(error.message));
socket.on('close', () => finish('the connection was closed'));

let received = '';
socket.setEncoding('utf8').on('data', (chunk: string) => {
  received += chunk;
  const answers = received.split('\r\n');
  received = answers.pop() ?? '';
  for (const answer of answers) onAnswer(answer);
});

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
if (Number(seconds) > 0) setTimeout(stop, Number(seconds) * 1000);

function onAnswer(answer: string): void {
  measureGap();
  if (last.clock !== 0) countAnswer(answer); // The answer to DEL is the first.
  last = { clock: performance.now(), at: Date.now() };
  if (stopping) finish();
  else if (Number(pause) > 0) setTimeout(increment, Number(pause));
  else increment();
}

function increment(): void {
  if (!done) socket.write('INCR lab:counter\r\n');
}

function countAnswer(answer: string): void {
  const value = /^:\d+$/.test(answer) ? Number(answer.slice(1)) : undefined;
  if (value === undefined) {
    errors.push(answer);
    return;
  }
  if (operations++ === 0) console.log(JSON.stringify({ type: 'started' }));
  lost += Math.max(0, expected - value);
  doubled += Math.max(0, value - expected);
  expected = value + 1;
}

function measureGap(): void {
  const ms = performance.now() - last.clock;
  if (last.clock !== 0 && ms > longest.ms) longest = { ms, at: last.at };
}

function stop(): void {
  stopping = true;
  // After a long silence TCP repeats the question only when as much time has passed once more.
  const patienceMs = lastAnswerWithinMs + (last.clock === 0 ? 0 : performance.now() - last.clock);
  setTimeout(() => finish(`no answer within ${Math.round(patienceMs)} ms of the end`), patienceMs).unref();
}

function finish(error?: string): void {
  if (done) return;
  done = true;
  if (error) {
    measureGap();
    errors.push(error);
  }
  socket.destroy();
  const report: TrafficReport = {
    type: 'result',
    operations,
    errors,
    lost,
    doubled,
    longestGapMs: Math.round(longest.ms * 10) / 10,
    longestGapAt: longest.at,
  };
  console.log(JSON.stringify(report));
  process.exitCode = errors.length + lost + doubled > 0 ? 1 : 0;
  // stdout may be a pipe: let it drain, but wait for no timer.
  process.stdout.write('', () => process.exit());
}
