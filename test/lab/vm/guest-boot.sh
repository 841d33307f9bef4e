#!/bin/sh
# What makes a host of a virtual machine that has booted; only while its image is made: a lab begins with the machine as it is
# after this. The kernel's command line says who it is: lab.name=NAME lab.address=ADDRESS/LENGTH
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# /run/lab is a file system of its own: what the lab notes there is not part of what tests see of /run.
mkdir -p /run/lxc /run/lab
mount -t tmpfs -o mode=700 lab /run/lab

# CRIU, the container engines and the drivers ask for these; loading one takes long here.
modprobe -a virtio_net bridge veth overlay tun loop btrfs fuse \
  unix_diag inet_diag tcp_diag udp_diag raw_diag netlink_diag af_packet_diag \
  nf_tables nft_ct nft_nat nft_chain_nat nft_masq nft_reject_inet nft_compat nf_conntrack nf_conntrack_netlink \
  x_tables ip_tables ip6_tables iptable_filter ip6table_filter xt_conntrack xt_mark xt_comment \
  sch_plug sch_netem sch_ingress sch_tbf ifb act_mirred cls_u32 cls_matchall

for word in $(cat /proc/cmdline); do
  case $word in
    lab.name=*) hostname "${word#*=}" ;;
    lab.address=*) address=${word#*=} ;;
  esac
done
# As on a host made of namespaces: a bridge holds the address and is where containers are plugged in.
ip link set lo up
ip link add br0 address "$(cat /sys/class/net/eth0/address | sed s/^52/02/)" type bridge
ip addr add "$address" dev br0
ip link set br0 up
ip link set eth0 up master br0
# The way for commands from outside: nothing else can come or go here.
ip link set eth1 name outside
ip addr add 10.0.2.15/24 dev outside
ip link set outside up

sysctl --quiet --write net.ipv4.ip_forward=1
# CRIU cannot dump an io_uring, and Node opens one.
sysctl --quiet --write kernel.io_uring_disabled=2
# As the lab made of namespaces does for CRIU's lazy pages.
sysctl --quiet --write fs.pipe-user-pages-soft=0 fs.pipe-max-size=16777216
