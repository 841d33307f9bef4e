#!/bin/sh
# Finishes the root file system ($1) of a host that is a virtual machine, after ../root-customize.sh.
set -eu
here=$(dirname "$(readlink -f "$0")")
cd "$1"

# ---- init: busybox, which takes the first word of its command line for the program it is to be
lib=usr/local/lib/lab
mkdir -p $lib
ln -s /usr/bin/busybox $lib/init
install -m 755 "$here/guest-boot.sh" $lib/boot
echo '::sysinit:/usr/local/lib/lab/boot' >> etc/inittab
: > etc/fstab
echo 0123456789abcdef0123456789abcdef > etc/machine-id # podman asks for one.

# ---- container engines without systemd, and with the runtime that phaul knows
mkdir -p etc/containers
cat > etc/containers/containers.conf <<'END'
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
END
cat > etc/containers/storage.conf <<'END'
[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
END

# Tests of podman itself, which nobody runs here: 40 MiB.
rm -rf usr/libexec/podman/podman-testing
