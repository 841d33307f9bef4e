// Moves a container to another host, and says how far it is:  node move.js CONTAINER DEST
import { migrate, PhaulError } from 'phaul';

const [container = '', destination = ''] = process.argv.slice(2);
const aborter = new AbortController();
process.once('SIGINT', () => aborter.abort());

try {
  const run = migrate({ container, destination, downtimeLimit: 100, signal: aborter.signal });
  for await (const event of run) {
    if (event.type === 'act-begin') console.log(`${event.act} …`);
    if (event.type === 'iteration') console.log(`iteration ${event.number}: ${event.pages} pages`);
    if (event.type === 'warning') console.log(event.text);
  }
  const { target, freezeMs } = await run;
  console.log(`${container} runs on ${target}, after standing still for ${freezeMs} ms.`);
} catch (error) {
  if (!(error instanceof PhaulError)) throw error;
  console.error(`${error.code}: ${error.message} ${error.hint}`);
  process.exitCode = error.exitCode;
}
