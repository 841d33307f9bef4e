// How Node finds and loads TypeScript: see register.mjs. What esbuild has made of a file is kept, because every test file is a process of its own.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const cache = fileURLToPath(new URL('../../../node_modules/.cache/phaul-typescript/', import.meta.url));
mkdirSync(cache, { recursive: true });

const options = {
  loader: 'ts',
  target: 'node20',
  sourcemap: 'inline',
  sourcesContent: false,
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
};
const recipe = `${require('esbuild/package.json').version} ${JSON.stringify(options)}`;

/** Imports in this project say where a file is, with its ending: nothing is to be looked for. */
export function resolve(specifier, context, next) {
  if (!specifier.startsWith('.') || !specifier.endsWith('.ts')) return next(specifier, context);
  return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true };
}

export function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  return { format: 'module', shortCircuit: true, source: compiled(fileURLToPath(url)) };
}

function compiled(path) {
  const source = readFileSync(path, 'utf8');
  const name = createHash('sha1').update(recipe).update(path).update(source).digest('hex');
  const kept = `${cache}${name}.js`;
  try {
    return readFileSync(kept);
  } catch {
    const { code } = require('esbuild').transformSync(source, { ...options, sourcefile: path });
    // Whole or not at all, whoever else makes it at the same time.
    const own = `${kept}.${process.pid}`;
    writeFileSync(own, code);
    renameSync(own, kept);
    return code;
  }
}
