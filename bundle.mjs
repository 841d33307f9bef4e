// Makes dist/bundle: `npm run bundle`, part of every build. phaul loads from a few files there instead of from four hundred, which takes half the time on
// both hosts, before every migration. What the package exports is bundled with the command, so that drivers from elsewhere share its modules.
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
// A test makes another one.
const outdir = resolve(root, process.argv[2] ?? 'dist/bundle');

// yargs measures its help at every start, and string-width then compiles an expression of all emoji: 40 ms. The help is ASCII but for a few lines.
const widths = {
  name: 'widths',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^string-width$/ }, ({ namespace, resolveDir }) =>
      namespace === 'widths' ? undefined : { path: resolveDir, namespace: 'widths' },
    );
    onLoad({ filter: /.*/, namespace: 'widths' }, ({ path }) => ({
      contents: `
        let measure;
        export default (text, options) =>
          /^[ -~]*$/.test(text) ? text.length : (measure ??= require('string-width').default)(text, options);`,
      resolveDir: path,
    }));
  },
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    'src/cli/main.ts',
    'src/index.ts',
    'src/driver.ts',
    'src/testing/index.ts',
    // Programs of their own, found by src/own-file.ts.
    'src/service/fill-heir.ts',
    'src/criu/stand-in-program.ts',
    'src/testing/criu-program.ts',
    'devices/network/announce-program.ts',
  ],
  outbase: '.',
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Names stay, for stacks.
  minifyWhitespace: true,
  minifySyntax: true,
  // It is native code.
  external: ['koffi'],
  // Some libraries are CommonJS and ask for Node's modules so.
  banner: {
    js: "import { createRequire as bundleRequire } from 'node:module';\nconst require = bundleRequire(import.meta.url);",
  },
  plugins: [widths],
  // zod would compile a function for each kind of message when the first comes, and most come once or twice. Its own copy here: others' stay as they are.
  define: { 'globalThis.__zod_globalConfig': '{"jitless":true}' },
  metafile: true,
  logLevel: 'warning',
});

// What an earlier build left.
for (const entry of readdirSync(outdir, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (entry.isFile() && !(relative(root, file) in metafile.outputs)) rmSync(file);
}

// No JavaScript: scripts that others find in PATH.
for (const script of ['src/criu/stand-in/criu', 'src/criu/plain-tar/tar'])
  cpSync(join(root, script), join(outdir, script));
