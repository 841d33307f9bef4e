#!/bin/bash
# The rival of lxc-pause: moves a container of LXC's with its own lxc-checkpoint, its memory in two pre-dumps while it runs.
#   lxc.sh CONTAINER HOST
# Before the freeze: one ssh connection, kept open; the container's directory copied once; each pre-dump copied while it runs. Images on a tmpfs.
set -euo pipefail
container=$1 host=$2
images=/run/rival
connection="ssh -S /run/rival.ssh"
directory=/var/lib/lxc/$container
copy() { rsync -aW --delete -e "$connection" "$1/" "$host:$1/"; }

ssh -M -S /run/rival.ssh -fN "$host"
rm -rf $images; mkdir $images
$connection "$host" "rm -rf $images; mkdir $images"
copy "$directory"

lxc-checkpoint -n "$container" -D $images/1 -p
copy $images
lxc-checkpoint -n "$container" -D $images/2 -p --predump-dir ../1
copy $images

lxc-checkpoint -n "$container" -D $images/3 -s --predump-dir ../2
copy $images
copy "$directory"
$connection "$host" "lxc-checkpoint -n $container -D $images/3 -r </dev/null >/dev/null 2>&1"

rm -rf $images
$connection "$host" "rm -rf $images"
ssh -S /run/rival.ssh -O exit "$host" 2>/dev/null
