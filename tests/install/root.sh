#!/usr/bin/env bash
# Makes a minimal Debian at DIR, from the mirror that this machine's apt uses; with PACKAGE.deb also what that
# package depends on, without the package itself. What is there already is used again. Without a mirror that
# answers none is made, which is no error: the tests are skipped.
#
#	tests/install/root.sh DIR [PACKAGE.deb]
set -eu
root=$1
package=${2-}
stamp=$root.stamp # what DIR has: the base, and after it the dependencies
suite=bookworm
include=systemd,systemd-sysv,dbus,ca-certificates,procps
base="$suite $include"
has=$(cat "$stamp" 2>/dev/null || true)

logged() {
	"$@" >>"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
}

make_base() {
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
	rm -rf "$root" "$stamp" "$root.release" "$root.log"
	# dpkg need not wait for the disk.
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
	logged debootstrap --variant=minbase --include=$include "$suite" "$root" "$mirror"
	# What is newer than the archive's first release, as on this machine: packages built here ask for it.
	rm -f "$root/etc/apt/sources.list"
	cp /etc/apt/sources.list.d/*.sources "$root/etc/apt/sources.list.d/" 2>/dev/null || true
	cp /etc/apt/sources.list "$root/etc/apt/" 2>/dev/null || true
	logged chroot "$root" apt-get update -q
	has=$base
	echo "$has" >"$stamp"
}

if [ -z "$package" ]; then
	[[ $has == "$base"* ]] || make_base
	exit 0
fi
depends=$(dpkg-deb -f "$package" Depends | sed 's/ ([^)]*)//g; s/,/ /g')
[ "$has" != "$base $depends" ] || exit 0
[ "$has" = "$base" ] || make_base
logged chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $depends
logged chroot "$root" apt-get clean
rm "$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
echo "$base $depends" >"$stamp"
