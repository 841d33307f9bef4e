#!/bin/sh
# In a mount namespace of its own: systemd's own journald, and what is given as arguments. Then the journal's records of phaul's, as JSON lines, on stdout.
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
/usr/lib/systemd/systemd-journald >/run/said 2>&1 &
journald=$!
# The last of its sockets.
while ! [ -S /run/systemd/journal/io.systemd.journal ]; do
  kill -0 $journald || { cat /run/said >&2; exit 1; }
  sleep 0.05
done
"$@" >/run/stdout 2>/run/stderr || true
journalctl --sync
journalctl --directory=/run/log/journal --output=json --identifier=phaul
kill $journald
wait $journald || true
