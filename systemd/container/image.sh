#!/usr/bin/env bash
# Builds the container image of a package from the Dockerfile beside this file, with buildah and as root, and writes it
# as an archive for `docker load` or `podman load`.
#
#	[BASE=debian:bookworm-slim] systemd/container/image.sh PACKAGE.deb ARCHIVE.tar
#
# STORAGE_DRIVER=vfs works where the kernel refuses overlays, within a container for example.
# BASE: the Debian to build on, from a registry. Without it no registry is needed: mmdebstrap makes a Debian of this
# machine's release, from the archives that apt uses here, once a day. The package must be of the same release.
set -eu
[ "$(id -u)" = 0 ] || { echo "only root can build the image: use sudo" >&2; exit 1; }
package=$1
archive=$2
here=$(dirname "$0")
version=$(dpkg-deb -f "$package" Version)
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
directory=$(dirname "$archive")
debian=$directory/debian-$suite.tar
work=$directory/work # of buildah: nothing of this machine's own containers is touched
log=$directory/image.log

buildah() {
	command buildah --root "$work/storage" --runroot "$work/run" "$@"
}

logged() {
	"$@" >>"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
}

# Documents, translations and recommended packages are left out, also of what is installed later.
make_debian() {
	local sources
	sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) main' 'Created-By: Packages' 'Origin: Debian' |
		sort -u)
	logged mmdebstrap --format=tar --variant=apt --include=ca-certificates,usr-is-merged \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$debian.new" - <<<"$sources"
	mv "$debian.new" "$debian"
}

import_debian() {
	local container
	container=$(buildah from scratch)
	logged buildah add -q "$container" "$debian" /
	logged buildah config --cmd /bin/sh "$container"
	logged buildah commit -q --rm "$container" localhost/banter-debian
}

clean() {
	umount "$work/storage/overlay" 2>/dev/null || true # of the storage of buildah, where it uses overlays
	rm -rf "$work"
}

mkdir -p "$directory"
clean
rm -f "$log"
trap clean EXIT
mkdir -p "$work/context"
cp "$package" "$work/context/"
if [ -z "${BASE-}" ]; then
	[ -n "$(find "$debian" -mtime -1 2>/dev/null)" ] || make_debian
	import_debian
fi
logged buildah build --isolation chroot --layers=false --build-arg "BASE=${BASE:-localhost/banter-debian}" \
	--label "org.opencontainers.image.version=$version" --tag "banter:$version" --tag banter:latest \
	--file "$here/Dockerfile" "$work/context"
rm -f "$archive"
logged buildah push -q "banter:$version" "docker-archive:$archive:banter:$version"
