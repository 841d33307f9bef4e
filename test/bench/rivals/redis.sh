#!/bin/bash
# The rival of redis-pause: moves a runc container to another host as a good administrator would by hand.
#   redis.sh CONTAINER HOST
# Before the freeze: one ssh connection, kept open; the files copied once; the network is there on the target, its link up
# but plugged in nowhere. It is plugged in before the restore, because what the container sends before it has a link is
# lost, its ARP request too, and that costs a second. Until the sockets exist the firewall drops what comes in: they would
# be reset otherwise. Images on a tmpfs.
set -euo pipefail
container=$1 host=$2
images=/run/rival
connection="ssh -S /run/rival.ssh"
inside="ip netns exec $container"
copy() { rsync -aRW --delete -e "$connection" "$@" "/srv/$container" "/srv/$container-data" "$host:/"; }

ssh -M -S /run/rival.ssh -fN "$host"
rm -rf $images; mkdir $images
$connection "$host" "
  rm -rf $images
  $inside iptables -A INPUT -j DROP
  ip link set v$container nomaster
  ip link set v$container up"
copy

runc checkpoint --tcp-established --image-path $images --work-path /run/rival-log "$container"
ip link set "v$container" down
copy $images
# What runc leaves open must not be ssh's, hence /dev/null.
$connection "$host" "
  ip link set v$container master br0
  runc restore -d --tcp-established --image-path $images --work-path /run/rival-log \
    --bundle /srv/$container $container </dev/null >/dev/null 2>&1 &&
  $inside iptables -D INPUT -j DROP &&
  $inside arping -q -c 1 -A -I eth0 10.77.0.101"

rm -rf $images
$connection "$host" "rm -rf $images"
ssh -S /run/rival.ssh -O exit "$host" 2>/dev/null
