#!/usr/bin/env bash
# A fresh Debian in a folder, with the system packages that the frozen program is documented to need and no others:
#   bash tests/packaging/debian_root.sh DIR [PACKAGE…]
# As root, on Debian with debootstrap, or on Ubuntu with debootstrap and debian-archive-keyring.
# Packages of one's own take the place of the documented ones. Take it away again with: umount DIR/proc; rm -rf DIR
set -euo pipefail

root=${1:?"usage: bash tests/packaging/debian_root.sh DIR [PACKAGE…]"}
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mapfile -t packages < <(grep -v '^#' "$here/debian_packages.txt" | awk 'NF { print $1 }')
if [[ $# -gt 0 ]]; then packages=("$@"); fi

if [[ ! -e $root/usr/bin/dpkg ]]; then debootstrap --variant=minbase bookworm "$root"; fi
# whatever reaches the archive from here is to reach it from there
files=(/etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt)
if grep -q '^VERSION_CODENAME=bookworm$' /etc/os-release; then # the sources of another system are not those of this one
    files+=(/etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d)
fi
for file in "${files[@]}"; do
    if [[ -e $file ]]; then
        mkdir -p "$root$(dirname "$file")"
        cp -rL "$file" "$root$(dirname "$file")/"
    fi
done
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
for device in null zero random urandom; do
    [[ -c $root/dev/$device ]] || cp -a "/dev/$device" "$root/dev/"
done
export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get update -q
chroot "$root" apt-get install -q -y --no-install-recommends "${packages[@]}"
