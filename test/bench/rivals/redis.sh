#!/bin/bash
# The rival of redis-pause: moves a runc container to another host as a good administrator would by hand.
#   redis.sh CONTAINER HOST
# Before the freeze: one ssh connection, kept open; the files copied once; on the target the network is there, with the
# container's end of it up and plugged in nowhere (cheaper at the end than a link that is down). Images on a tmpfs.
set -euo pipefail
container=$1 host=$2
images=/run/rival
connection="ssh -S /run/rival.ssh"
announce="ip netns exec $container arping -q -c 1 -A -I eth0 10.77.0.101"
copy() { rsync -aRW --delete -e "$connection" "$@" "/srv/$container" "/srv/$container-data" "$host:/"; }

ssh -M -S /run/rival.ssh -o Ciphers=^aes128-gcm@openssh.com -fN "$host"
rm -rf $images; mkdir $images
$connection "$host" "rm -rf $images; ip link set v$container nomaster; ip link set v$container up"
copy

runc checkpoint --tcp-established --image-path $images --work-path /run/rival-log "$container"
ip link set "v$container" down
copy $images
# The address must not answer before its sockets exist. Descriptors of ssh's would break the next dump.
restore="runc restore -d --tcp-established --image-path $images --work-path /run/rival-log --bundle /srv/$container $container"
$connection "$host" "$restore </dev/null >/dev/null 2>&1 && ip link set v$container master br0 && $announce"

rm -rf $images
$connection "$host" "rm -rf $images"
ssh -S /run/rival.ssh -O exit "$host" 2>/dev/null
