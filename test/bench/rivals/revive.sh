#!/bin/bash
# The rival of revive-rsync and revive-btrfs: stops a runc container and starts it on another host, with its files copied in between.
#   revive.sh CONTAINER BUNDLE HOST
# Before the stop: the files copied while the container runs; the network is there on the target. Each command as one types it.
# Prints for how many milliseconds nothing ran: from the end of the container's first process to the return of runc.
set -euo pipefail
container=$1 bundle=$2 host=$3
copy() { rsync -a --delete -e ssh "$bundle/" "$host:$bundle/"; }
# `kill -0` in a loop would take the processor from those who work.
watch='
import os, select, sys, time
process = os.pidfd_open(int(sys.argv[1]))
print("watching", flush=True)
select.select([process], [], [])
print(int(time.time() * 1e6), flush=True)'

copy
exec 3< <(python3 -c "$watch" "$(runc state "$container" | sed -n 's/^ *"pid": \([0-9]*\),$/\1/p')")
read -r <&3

runc kill "$container" TERM
read -r ended <&3
copy
# What runc leaves open must not be ssh's, hence /dev/null.
ssh "$host" "runc run -d --bundle $bundle $container </dev/null >/dev/null 2>&1"
echo "$(((${EPOCHREALTIME/./} - ended) / 1000))"
