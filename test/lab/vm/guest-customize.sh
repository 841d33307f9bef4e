#!/bin/sh
# Finishes the root file system ($1) of a host that is a virtual machine, after ../root-customize.sh.
set -eu
here=$(dirname "$(readlink -f "$0")")
cd "$1"

# ---- init: systemd, as on most hosts, but only what belongs to it and what a test uses
: > etc/fstab
rm etc/inittab
install -D -m 755 "$here/guest-boot.sh" usr/local/lib/lab/boot
units=etc/systemd/system
cat > $units/lab-boot.service <<'END'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/lab/boot
END
# What it has started outlives it, as on a host on which each login has a scope of its own.
cat > $units/lab-ssh.service <<'END'
[Unit]
Requires=lab-boot.service
After=lab-boot.service
[Service]
RuntimeDirectory=sshd
ExecStart=/bin/sh -c 'exec /usr/sbin/sshd -D -h /etc/ssh/host_key_$(hostname)'
KillMode=process
END
# Nothing here wakes up by itself in the middle of a measurement.
cat > $units/lab.target <<'END'
[Unit]
Requires=basic.target
Wants=lab-ssh.service
After=basic.target
END
ln -s lab.target $units/default.target
ln -s /dev/null $units/timers.target

# ---- podman as a distribution has it: it leaves cgroups to systemd, and runs crun
rm etc/containers/containers.conf
