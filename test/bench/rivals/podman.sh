#!/bin/bash
# The rival of podman-pause: moves a container of podman's with its own checkpoint, as its documentation shows it.
#   podman.sh CONTAINER HOST
# Before the freeze: one ssh connection, kept open; the image is on the target. The archive is on a tmpfs and not compressed, which is quicker here.
set -euo pipefail
container=$1 host=$2
archive=/run/rival.tar
connection="ssh -S /run/rival.ssh"

ssh -M -S /run/rival.ssh -fN "$host"

podman container checkpoint --compress none --export $archive "$container" >/dev/null
$connection "$host" "cat >$archive" <$archive
$connection "$host" "podman container restore --import $archive </dev/null >/dev/null 2>&1"

podman rm --force "$container" >/dev/null
rm -f $archive
$connection "$host" "rm -f $archive"
ssh -S /run/rival.ssh -O exit "$host" 2>/dev/null
