#!/bin/sh
# Finishes the hosts' root file system ($1), as the last step of its build. Everything that does not depend on
# which host it is, or that three hosts can share, is put in place here and not each time a lab comes up.
set -eu
cd "$1"

# ---- a host: names, init, sshd, phaul
mkdir -p opt/phaul srv
rm -f etc/hostname etc/resolv.conf etc/ssh/ssh_host_*
printf '127.0.0.1 localhost\n10.77.0.1 a\n10.77.0.2 b\n10.77.0.3 c\n' > etc/hosts

# busybox init reaps orphans: a zombie would keep its PID busy, and a restore needs the PIDs of the dump.
echo '::respawn:/usr/sbin/sshd -D -h /etc/ssh/host_key_$(hostname)' > etc/inittab

cat > etc/ssh/sshd_config <<'END'
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
MaxStartups 200
MaxSessions 200
PerSourcePenalties no
Subsystem sftp internal-sftp
END

mkdir -p -m 700 root/.ssh
ssh_keygen() { chroot . ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$2"; }
ssh_keygen root@lab /root/.ssh/id_ed25519
cp root/.ssh/id_ed25519.pub root/.ssh/authorized_keys
number=0
for host in a b c; do
  number=$((number + 1))
  ssh_keygen "$host" "/etc/ssh/host_key_$host"
  echo "$host,10.77.0.$number $(cut -d ' ' -f 1,2 "etc/ssh/host_key_$host.pub")" >> root/.ssh/known_hosts
done

printf '#!/bin/sh\nexec node /opt/phaul/dist/bundle/src/cli/main.js "$@"\n' > usr/local/bin/phaul
chmod 755 usr/local/bin/phaul

# ---- a container: Redis and Python with the libraries they load, busybox for everything else
rootfs=srv/rootfs-redis
mkdir -p $rootfs/bin $rootfs/etc $rootfs/proc $rootfs/sys $rootfs/dev $rootfs/data $rootfs/root
mkdir -p -m 1777 $rootfs/tmp
echo 'root:x:0:0:root:/root:/bin/sh' > $rootfs/etc/passwd
echo 'root:x:0:' > $rootfs/etc/group
python=$(readlink usr/bin/python3)
for file in /usr/bin/redis-server "/usr/bin/$python" $(chroot . ldd /usr/bin/redis-server "/usr/bin/$python" | grep -o '/[^ :]*\.so[^ ]*'); do
  mkdir -p "$rootfs/$(dirname "$file")"
  cp -L "./$file" "$rootfs/$file"
done
mkdir -p $rootfs/usr/lib
cp -a "usr/lib/$python" $rootfs/usr/lib/
find $rootfs/usr/lib -name __pycache__ -prune -exec rm -rf {} +
ln -s "$python" $rootfs/usr/bin/python3
cp usr/bin/busybox $rootfs/bin/busybox
for applet in $(chroot . busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$rootfs/bin/$applet"
done

# ---- podman without systemd, and with the runtime that phaul knows
echo 0123456789abcdef0123456789abcdef > etc/machine-id # podman asks for one.
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
