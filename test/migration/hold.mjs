// Loaded into a phaul on a lab host that is to stand still at certain events (phaul.ts), each of them once, until the test says go on. By then whoever reads has
// the event, and nothing has been done since. Plain JavaScript, because the hosts have nothing but Node.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const go = '/run/phaul-go-on';

if (process.argv[2] === 'migrate') {
  // Of one who has ended before it saw that.
  fs.rmSync(go, { force: true });
  const waiting = JSON.parse(process.env.PHAUL_HOLD);
  const { write } = fs;
  fs.write = (fd, bytes, ...others) => {
    if (fd !== 1) return write(fd, bytes, ...others);
    const [done] = others;
    // At once: what is written in the background is overtaken by what phaul does next.
    done(null, fs.writeSync(fd, bytes));
    const lines = bytes.toString().split('\n').filter(Boolean);
    const at = waiting.findIndex((wanted) => lines.some((line) => fits(line, wanted)));
    if (at < 0) return;
    waiting.splice(at, 1);
    while (!fs.existsSync(go)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    fs.rmSync(go);
  };
  syncBuiltinESMExports();
}

function fits(line, wanted) {
  const event = JSON.parse(line);
  return Object.entries(wanted).every(([key, value]) => event[key] === value);
}
