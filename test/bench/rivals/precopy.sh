#!/bin/bash
# The rival of freeze-512-precopy and total-512-precopy: moves a process tree with criu's own command line, its memory in three
# pre-dumps while it runs.
#   precopy.sh PID HOST
# Before the freeze: one ssh connection, kept open, with a tunnel to the page server, which waits on the target for each dump. Images
# on a tmpfs; the pages go through the tunnel as criu finds them, the other images in one stream to the shell that restores.
set -euo pipefail
pid=$1 host=$2
images=/run/rival
connection="ssh -S /run/rival.ssh"
at="--address 127.0.0.1 --port 9876"

# The directory of dump N on both hosts, and the page server that takes its pages.
begin() {
  parent=""
  [ "$1" = 1 ] || parent="--prev-images-dir ../$(($1 - 1))"
  mkdir $images/$1
  $connection "$host" "mkdir $images/$1
    criu page-server -d -D $images/$1 $parent $at -o page-server.log </dev/null >/dev/null 2>&1"
}

rm -rf $images; mkdir $images
ssh -M -S /run/rival.ssh -L 127.0.0.1:9876:127.0.0.1:9876 -fN "$host"
$connection "$host" "rm -rf $images; mkdir $images"

for number in 1 2 3; do
  begin $number
  criu pre-dump -t "$pid" -D $images/$number $parent --track-mem --page-server $at -o dump.log
done
begin 4

criu dump -t "$pid" -D $images/4 $parent --track-mem --page-server $at -o dump.log
tar -C $images/4 -c . | $connection "$host" "
  tar -C $images/4 -x && criu restore -d -D $images/4 -o restore.log >/dev/null 2>&1"

rm -rf $images
$connection "$host" "rm -rf $images"
ssh -S /run/rival.ssh -O exit "$host" 2>/dev/null
