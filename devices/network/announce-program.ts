// A program of its own: announces links on this host. Arguments: bridge, MAC address and address, of one link after the other.
import { announceHere, type Whereabouts } from './announce.ts';

const words = process.argv.slice(2);
while (words.length > 0)
  announceHere([words.splice(0, 3) as unknown as Whereabouts], (text) => process.stderr.write(`${text}\n`));
