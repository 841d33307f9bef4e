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

