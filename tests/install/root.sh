#!/usr/bin/env bash
# Makes a minimal Debian at DIR, from the mirror that this machine's apt uses; with PACKAGE.deb also what that
# package depends on, without the package itself. What is there already is used again. Without a mirror that
# answers none is made, which is no error: the tests are skipped.
#
#	[SUITE=trixie] [INCLUDE=package,package] tests/install/root.sh DIR [PACKAGE.deb]
#
# SUITE: which Debian (default: bookworm); INCLUDE: further packages for its base.
set -eu
root=$1
package=${2-}
stamp=$root.stamp # what DIR has: the base, and after it the dependencies
suite=${SUITE:-bookworm}
include=systemd,systemd-sysv,dbus,ca-certificates,procps${INCLUDE:+,$INCLUDE}
base="$suite $include"
has=$(cat "$stamp" 2>/dev/null || true)

logged() {
	"$@" >>"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
}

# Whether an archive has a suite.
answers() {
	/usr/lib/apt/apt-helper download-file "$1/dists/$2/InRelease" "$root.release" >/dev/null 2>&1 || return 1
	rm -f "$root.release"
}

# The sources of this suite: those archives of Debian that this machine's apt uses, and that have it.
sources() {
	local own
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(SITE) $(CODENAME)' 'Created-By: Packages' 'Origin: Debian' |
		sort -u | while read -r site own; do
		own=$suite${own#"${own%%-*}"}
		! answers "$site" "$own" || echo "deb $site $own main"
	done | sort -u
}

make_base() {
	local mirror
	mkdir -p "$(dirname "$root")"
	sources >"$root.sources"
	mirror=$(awk -v suite="$suite" '$3 == suite { print $2; exit }' "$root.sources")
	if [ -z "$mirror" ]; then
		echo "no archive of this machine's apt answers and has $suite: there is no Debian to install into" >&2
		exit 0
	fi
	rm -rf "$root" "$stamp" "$root.log"
	# dpkg need not wait for the disk.
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
	logged debootstrap --variant=minbase "--include=$include" "$suite" "$root" "$mirror"
	# What is newer than the archive's first release, as on this machine: packages built here ask for it.
	mv "$root.sources" "$root/etc/apt/sources.list"
	# How this machine reaches the archives: proxies, and whether their dates are checked.
	apt-config dump | grep -E '^Acquire::(https?::|Retries|Check-)' >"$root/etc/apt/apt.conf.d/90archives" || true
	printf '%s\n' '127.0.0.1 localhost' '::1 localhost' >"$root/etc/hosts"
	mkdir -p "$root/usr/local/share/ca-certificates"
	cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
	logged chroot "$root" update-ca-certificates
	logged chroot "$root" apt-get update -q
	has=$base
	echo "$has" >"$stamp"
}

if [ -z "$package" ]; then
	[[ $has == "$base"* ]] || make_base
	exit 0
fi
depends=$(dpkg-deb -f "$package" Depends)
[ "$has" != "$base $depends" ] || exit 0
[ "$has" = "$base" ] || make_base
logged chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get satisfy -y -q --no-install-recommends "$depends"
logged chroot "$root" apt-get clean
rm "$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
echo "$base $depends" >"$stamp"
