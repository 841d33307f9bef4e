import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const file = (name) => `/run/${name}.hello`;
const failure = (code, message) => Object.assign(new Error(message), { code });

/** @type {import('phaul/driver').HType} */
export const driver = {
  kind: 'htype',
  name: 'hello',
  apiVersion: 1,
  description: 'Programs whose pid is in /run/NAME.hello',
  capabilities: { live: true, preDump: true, revive: false },
  knows: async (name) => existsSync(file(name)),
  source: async (name, { targetId: id = name }, ctx) => {
    if (!existsSync(file(name))) throw failure('CONTAINER_UNKNOWN', `There is no ${file(name)}.`);
    const pid = Number(readFileSync(file(name), 'utf8'));
    if (!existsSync(`/proc/${pid}/exe`)) throw failure('CONTAINER_STATE', `${name} does not run.`);
    ctx.ifKilled('rm', ['-f', file(name)], 'moved');
    const description = { htype: 'hello', id, trees: [], needs: [], meta: null };
    return { description, pid, release: async () => rmSync(file(name), { force: true }) };
  },
  target: ({ id, meta }, ctx) => {
    if (meta !== null) throw failure('PROTOCOL_ERROR', 'A hello has nothing more to say.');
    const taken = { code: 'NAME_TAKEN', message: `${file(id)} exists.`, hint: 'Remove it.', host: 'target' };
    let written = false;
    return {
      refusals: async () => (existsSync(file(id)) ? [taken] : []),
      live: {
        restored: async (pid) => {
          writeFileSync(file(id), `${pid}\n`, { flag: 'wx' });
          ctx.ifKilled('rm', ['-f', file(id)]);
          written = true;
        },
      },
      abort: async () => {
        if (written) rmSync(file(id), { force: true });
      },
    };
  },
};
