#!/bin/bash
# Makes one host and becomes its PID 1. Runs in new namespaces of every kind, in the host's cgroups.
#   host-birth.sh NAME ROOT PROJECT STATE CGROUP…
# NAME: host name; ROOT: the shared root file system; PROJECT: what to show at /opt/phaul; STATE: a directory to mount
# on; CGROUP: what to mount below /sys/fs/cgroup, as type:directory:options.
# stdout: first line the PID as the machine sees it, second line `ready` when the host can be entered.
set -euo pipefail
name=$1 root=$2 project=$3 state=$4
shift 4

read -r pid _ </proc/self/stat
echo "$pid"
echo "$name" >/proc/sys/kernel/hostname

# The host's own files live and die with its mount namespace: nothing is left behind on the machine.
mount -t tmpfs -o mode=755 "$name" "$state"
cd "$state"
mkdir upper work root
mount -t overlay -o "lowerdir=$root,upperdir=upper,workdir=work" "$name" root
cd root

mount -t proc proc proc
mount -t sysfs sysfs sys
mount --bind "$project" opt/phaul
mount -o remount,bind,ro opt/phaul

[[ $* == cgroup2:.:* ]] || mount -t tmpfs -o mode=755 cgroup sys/fs/cgroup
for hierarchy; do
  IFS=: read -r type directory options <<<"$hierarchy"
  [[ $directory == . ]] || mkdir "sys/fs/cgroup/$directory"
  mount -t "$type" -o "$options" cgroup "sys/fs/cgroup/$directory"
done
if [[ $* == cgroup2:.:* ]]; then
  # A cgroup that hands its controllers on to containers may hold no processes itself.
  mkdir sys/fs/cgroup/init
  echo 0 >sys/fs/cgroup/init/cgroup.procs
  for controller in $(<sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" >sys/fs/cgroup/cgroup.subtree_control || true
  done
fi

mount -t tmpfs -o mode=755 dev dev
shopt -s nullglob
(cd /dev && cp -a --parents null zero full random urandom tty fuse* net/tun* loop* "$OLDPWD/dev")
mkdir dev/pts dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%:*}" "dev/${stream#*:}"; done
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mkdir run/sshd run/lock

pivot_root . mnt
cd /
umount -l /mnt

echo ready
exec -c busybox init </dev/null >/dev/null 2>&1
