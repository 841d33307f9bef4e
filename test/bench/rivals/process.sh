#!/bin/bash
# The rival of process-512-pause and freeze-1g-full: moves a process tree with criu's own command line.
#   process.sh PID HOST
# Before the freeze: one ssh connection, kept open, with a tunnel to the page server that waits on the target. Images on
# a tmpfs; the pages go through the tunnel as criu finds them, the other images by rsync.
set -euo pipefail
pid=$1 host=$2
images=/run/rival
connection="ssh -S /run/rival.ssh"

rm -rf $images; mkdir $images
ssh -M -S /run/rival.ssh -L 127.0.0.1:9876:127.0.0.1:9876 -fN "$host"
$connection "$host" "rm -rf $images; mkdir $images
  criu page-server -d -D $images --address 127.0.0.1 --port 9876 -o page-server.log </dev/null >/dev/null 2>&1"

criu dump -t "$pid" -D $images --page-server --address 127.0.0.1 --port 9876 -o dump.log
rsync -aW -e "$connection" $images/ "$host:$images/"
$connection "$host" "criu restore -d -D $images -o restore.log </dev/null >/dev/null 2>&1"

rm -rf $images
$connection "$host" "rm -rf $images"
ssh -S /run/rival.ssh -O exit "$host" 2>/dev/null
