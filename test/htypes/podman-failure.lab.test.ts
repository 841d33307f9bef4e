// What podman's containers cannot take along, and what a migration that fails leaves of them.
import test from 'ava';
import { acts } from '../../src/acts.ts';
import { image } from '../lab/podman.ts';
import { phaul, startPhaul } from '../migration/phaul.ts';
import { failed } from '../migration/stage.ts';
import { footprint, podmanLab, start, status, until } from './podman-stage.ts';

const hosts = podmanLab();

/** Where phaul may be by the time that a test has seen podman at work on the target, and done something about it. */
const beforeTheCommit = acts.slice(acts.indexOf('iterate'), acts.indexOf('commit'));

test.serial(
  'a migration that fails at the restore leaves nothing on the target, and the container as it was',
  async (t) => {
    const [a, b] = hosts();
    // The file that it has open is another on the target.
    await Promise.all(
      [a, b].map((host) => host.sh('mkdir /srv/outside; hostname | tail -c 2 >/srv/outside/file')),
    );
    await b.sh('echo more >>/srv/outside/file');
    await start(
      a,
      'web',
      'exec 3</outside/file; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done',
      '-v data:/data -v /srv/outside:/outside:ro --restart always',
    );
    const [onA, onB] = [await footprint(a), await footprint(b)];
    const end = await phaul(a, ['web', 'b']);
    failed(t, end, { code: 'CRIU_RESTORE', act: 'restore', host: 'target' });
    t.is(await footprint(b), onB);
    t.is(await footprint(a), onA);
    t.is(await status(a, 'web'), 'running');
  },
);

test.serial('cancelled while podman on the target gets ready, nothing of it stays there', async (t) => {
  const [a, b] = hosts();
  await start(a, 'web', 'exec sleep 1000');
  const [onA, onB] = [await footprint(a), await footprint(b)];
  const run = startPhaul(a, ['web', 'b']);
  await run.event({ type: 'act-begin', act: 'iterate' });
  await b.sh('until pgrep -x conmon; do sleep 0.005; done');
  run.kill('SIGINT');
  failed(t, await run.ended, { code: 'CANCELLED', act: beforeTheCommit });
  t.is(await footprint(b), onB);
  t.is(await footprint(a), onA);
});

test.serial('phaul on the target is killed while podman there gets ready: nobody waits for it', async (t) => {
  const [a, b] = hosts();
  await start(a, 'web', 'exec sleep 1000');
  const [onA, onB] = [await footprint(a), await footprint(b)];
  const run = startPhaul(a, ['web', 'b']);
  await run.event({ type: 'act-begin', act: 'iterate' });
  await b.sh(`until pgrep -f '^podman --conmon'; do sleep 0.005; done
    pkill -KILL -f '^node .*phaul.* service'`);
  failed(t, await run.ended, { code: 'LINK_LOST', act: beforeTheCommit });
  const began = performance.now();
  // Its guard sees to it.
  await until(async () => (await footprint(b)) === onB);
  t.log(`${Math.round((performance.now() - began) / 1000)} s`);
  t.is(await footprint(a), onA);
});

/** In the place of runc: while it creates a container conmon, which called it, is killed, and who would delete it meanwhile finds nothing yet. */
const slowRunc = `#!/bin/sh
case " $* " in
*" create "*)
  touch /run/creating; trap 'rm /run/creating' EXIT
  /run/real/runc "$@"
  while pgrep -x conmon; do sleep 0.01; done >/dev/null
  sleep 1 ;;
*" delete "*) [ -e /run/creating ] || exec /run/real/runc "$@" ;;
*) exec /run/real/runc "$@" ;;
esac`;

test.serial(
  'conmon dies while the runtime is at work: what that makes all the same is removed',
  async (t) => {
    const [a, b] = hosts();
    await start(a, 'web', 'exec sleep 1000');
    const [onA, onB] = [await footprint(a), await footprint(b)];
    await b.write('/run/slow-runc', slowRunc);
    await b.sh(`runc=$(command -v runc); mkdir /run/real; cp "$runc" /run/real/; chmod +x /run/slow-runc
    mount --bind /run/slow-runc "$runc"`);
    const conmonDies = b.sh('until [ -e /run/creating ]; do sleep 0.01; done; pkill -KILL -x conmon');
    const end = await phaul(a, ['web', 'b']);
    await conmonDies;
    await b.sh(`while [ -e /run/creating ]; do sleep 0.01; done
    umount "$(command -v runc)"; rm -r /run/real /run/slow-runc`);
    failed(t, end, {
      code: 'DRIVER_FAILED',
      act: 'iterate',
      host: 'target',
      message: /conmon has ended too early/,
    });
    t.is(await footprint(b), onB);
    t.is(await footprint(a), onA);
  },
);

test.serial('what podman’s containers cannot take along is refused before anything is touched', async (t) => {
  const [a, b] = hosts();
  const refused = async (
    name: string,
    options: string,
    code: string,
    words: RegExp,
    script = 'exec sleep 1000',
  ): Promise<void> => {
    await start(a, name, script, options);
    const end = await phaul(a, [name, 'b']);
    t.is(end.exitCode, 3, end.text);
    const reasons = [end.error!, ...(end.error?.refusals ?? [])];
    t.true(
      reasons.some((reason) => reason.code === code && words.test(reason.message)),
      end.text,
    );
    await a.sh(`podman rm --force --time 0 ${name}`);
  };
  await a.sh('podman pod create --infra=false pod');
  await refused('one', '--pod pod', 'CONTAINER_UNSUPPORTED', /pod/);
  await a.sh('podman pod rm pod');
  await start(a, 'friend', 'exec sleep 1000');
  await refused(
    'eight',
    '--network container:friend',
    'CONTAINER_UNSUPPORTED',
    /namespaces of other containers/,
  );
  await refused('two', '--network host', 'HOST_NETWORK', /--network host/);
  await refused('three', '--privileged', 'CONTAINER_UNSUPPORTED', /privileged/);
  await refused('four', '-t', 'TERMINAL_OUTSIDE', /has its terminal open/, 'exec sleep 1000 9<>/dev/tty');
  await refused('five', '--label PODMAN_SYSTEMD_UNIT=five.service', 'CONTAINER_UNSUPPORTED', /five\.service/);
  await refused('six', '--pid host', 'CONTAINER_UNSUPPORTED', /--pid host/);
  await b.sh(`podman tag ${image} localhost/lab:kept; podman create --name seven ${image}`);
  await refused('seven', '', 'NAME_TAKEN', /already has a container seven/);
  await b.sh('podman rm seven');
  const waits = b.spawn(
    ['python3', '-c', 'import socket, time; s = socket.create_server(("", 8099)); time.sleep(1000)'],
    { check: false },
  );
  await b.sh('until ss -Hltn "sport = :8099" | grep -q .; do sleep 0.05; done');
  await refused('nine', '--publish 8099:80', 'PORT_TAKEN', /port 80 .* at port 8099 \(tcp\).*python3/);
  waits.kill('SIGKILL');
});
