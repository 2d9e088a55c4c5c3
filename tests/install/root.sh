#!/usr/bin/env bash
# Makes a minimal Debian at DIR, from the mirror that this machine's apt uses, with what the package
# PACKAGE.deb depends on, and without the package itself. One that is there for the same dependencies
# is used again. Without a mirror that answers none is made, which is no error: the tests are skipped.
#
#	tests/install/root.sh PACKAGE.deb DIR
set -eu
package=$1
root=$2
suite=bookworm
stamp=$root.stamp
include=systemd,systemd-sysv,dbus,ca-certificates,procps

depends=$(dpkg-deb -f "$package" Depends | sed 's/ ([^)]*)//g; s/,/ /g')
if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$suite $include $depends" ]; then
	exit 0
fi

# The first archive of this machine that has the suite.
mirror=$(apt-get indextargets --format '$(CODENAME) $(SITE)' 'Created-By: Packages' |
	awk -v suite="$suite" '$1 == suite { print $2; exit }')
if [ -z "$mirror" ]; then
	echo "apt on this machine knows no archive with $suite" >&2
	exit 1
fi

mkdir -p "$(dirname "$root")"
if ! /usr/lib/apt/apt-helper download-file "$mirror/dists/$suite/InRelease" "$root.release" >/dev/null 2>&1; then
	echo "$mirror does not answer: there is no Debian to install into" >&2
	rm -f "$root.release"
	exit 0
fi
rm -rf "$root" "$stamp" "$root.release"
mkdir "$root"
debootstrap --variant=minbase --include=$include \
	"$suite" "$root" "$mirror" >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
# What is newer than the archive's first release, as on this machine: packages built here ask for it.
rm -f "$root/etc/apt/sources.list"
cp /etc/apt/sources.list.d/*.sources "$root/etc/apt/sources.list.d/" 2>/dev/null || true
cp /etc/apt/sources.list "$root/etc/apt/" 2>/dev/null || true
{
	chroot "$root" apt-get update -q
	chroot "$root" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends $depends
	chroot "$root" apt-get clean
} >>"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
echo "$suite $include $depends" >"$stamp"
