#!/bin/sh
# Adds to a host's root file system ($1), as a step of its build, the suite's own kernel: its modules, /boot/vmlinuz
# and /boot/initrd.img. The package is unpacked and not installed: that would make an initrd of its own, slowly.
set -eu
cd "$1"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: //p')
(cd "$work" && apt-get -o APT::Sandbox::User=root --quiet=2 download "$package")
dpkg-deb --extract "$work"/*.deb "$work/kernel"
release=$(ls "$work/kernel/usr/lib/modules")
from=$work/kernel/usr/lib/modules/$release
mkdir -p boot
cp "$work/kernel/boot/vmlinuz-$release" boot/vmlinuz

# ---- modules: what a host without hardware can use, and not compressed, because that takes long on an emulated CPU
to=usr/lib/modules/$release
mkdir -p "$to"
cp "$from"/modules.* "$to"
(
  cd "$from"
  find kernel/arch kernel/block kernel/crypto kernel/lib kernel/fs kernel/net kernel/virt \
    kernel/drivers/block kernel/drivers/md kernel/drivers/virtio kernel/drivers/char kernel/drivers/net -name '*.ko.xz' |
    grep -Ev '^kernel/drivers/net/(arcnet|can|ethernet|fddi|fjes|hamradio|hippi|hyperv|ieee802154|mdio|pcs|phy|plip|slip|thunderbolt|usb|vmxnet3|wan|wireless|wwan|xen)' |
    grep -Ev '^kernel/net/(6lowpan|atm|ax25|batman-adv|bluetooth|can|ieee802154|mac80211|mac802154|netrom|nfc|rose|rxrpc|sunrpc|tipc|wireless)/' |
    grep -Ev '^kernel/fs/(afs|ceph|coda|dlm|f2fs|gfs2|jfs|lockd|nfs|nfsd|nilfs2|ntfs3|ocfs2|orangefs|reiserfs|smb|ubifs|udf|xfs)/'
) > "$work/list"
tar -C "$from" -cf - -T "$work/list" | tar -C "$to" -xf -
find "$to" -name '*.ko.xz' -print0 | xargs -0 -P 2 -n 50 xz -d
chroot . depmod "$release"

# ---- initrd: what it takes to mount the root file system
initrd=$work/initrd
mkdir -p "$initrd/bin" "$initrd/modules" "$initrd/proc" "$initrd/sys" "$initrd/dev" "$initrd/root"
cp usr/bin/busybox "$initrd/bin"
for module in lib/crc16 crypto/crc32c_generic fs/mbcache fs/jbd2/jbd2 fs/ext4/ext4 drivers/block/virtio_blk; do
  # Some of them are built into the kernel, depending on its version.
  if [ -f "$to/kernel/$module.ko" ]; then
    cp "$to/kernel/$module.ko" "$initrd/modules"
    basename "$module" >> "$initrd/modules/order"
  fi
done
cat > "$initrd/init" <<'END'
#!/bin/busybox sh
busybox=/bin/busybox
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs dev /dev
while read -r module; do $busybox insmod "/modules/$module.ko"; done < /modules/order
until [ -b /dev/vda ]; do $busybox usleep 20000; done
$busybox mount -o noatime /dev/vda /root
for directory in proc sys dev; do $busybox mount --move "/$directory" "/root/$directory"; done
exec $busybox switch_root /root /sbin/init
END
chmod 755 "$initrd/init"
(cd "$initrd" && find . | "$OLDPWD/usr/bin/busybox" cpio -o -H newc) 2> /dev/null | gzip -1 > boot/initrd.img
