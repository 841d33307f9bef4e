// Has Node load TypeScript: `node --import ./test/setup/typescript/register.mjs FILE.ts`.
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
