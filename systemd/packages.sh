#!/usr/bin/env bash
# `make deps`: installs the Debian packages that are missing, after it has said which and how much disk they need, and
# has asked, if it runs on a terminal and YES is not set. NPM names the folders whose packages npm installs
# afterwards; they are counted, too.
#
#	NPM='widget dashboard' systemd/packages.sh PACKAGE…
#
# PACKAGE is a name; `one|another`: the first that is installed or that this Debian has; `libraries-of:NAME`: the
# libraries that the package NAME needs, without that package; `if-known:NAME`: NAME, if this Debian has it.
set -eu -o pipefail
export LC_ALL=C

is_known() {
	apt-cache show "$1" >/dev/null 2>&1
}

is_installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

libraries_of() {
	apt-cache depends --important "$1" 2>/dev/null | awk '$1 ~ /Depends:$/ && $2 ~ /^lib/ { print $2 }'
}

# Prints the names of the missing packages.
missing() {
	local one name list
	for one in "$@"; do
		case $one in
		libraries-of:*) read -r -d '' -a list <<<"$(libraries_of "${one#*:}")" || true ;;
		if-known:*)
			list=("${one#*:}")
			is_known "${list[0]}" || continue
			;;
		*) IFS='|' read -r -a list <<<"$one" ;;
		esac
		case $one in
		*'|'*)
			for name in "${list[@]}"; do
				is_installed "$name" && continue 2
			done
			for name in "${list[@]}"; do
				is_known "$name" && break
			done
			list=("$name")
			;;
		esac
		for name in "${list[@]}"; do
			is_installed "$name" || echo "$name"
		done
	done | sort -u
}

# The sum of a field of lines, in MB.
megabytes() {
	awk -v unit="$1" '{ sum += $NF } END { printf "%d", sum / unit + 1 }'
}

names=$(missing "$@")
[ -n "$names" ] || exit 0
printf 'Debian packages that are missing here:\n' 
echo $names | fold -s -w 98 | sed 's/^/  /'
sudo=
if [ "$(id -u)" != 0 ]; then
	sudo=sudo
	if ! command -v sudo >/dev/null; then
		echo "Only root can install them, and there is no sudo. Run this as root, then repeat the command:"
		echo "  apt-get update && apt-get install -y --no-install-recommends" $names
		exit 1
	fi
fi
failed() {
	echo "$1, see above. Correct that, then repeat the command." >&2
	exit 1
}
$sudo apt-get update -qq -o Acquire::Retries=3 || failed "apt-get update failed"
names=$(missing "$@") # the lists may name them only now
install=(install --no-install-recommends)

# These packages and all that they need.
all=$(apt-get "${install[@]}" -s $names | awk '$1 == "Inst" { print $2 }') ||
	failed "apt-get cannot install these packages"
load=$(apt-get "${install[@]}" -qq --print-uris $names | awk '{ print $3 }' | megabytes 1000000)
disk=$(apt-cache show --no-all-versions $all | grep ^Installed-Size: | megabytes 1000)
free=$(df --output=avail / | tail -n 1 | megabytes 1000)
echo "With what these need: $(wc -w <<<"$all") packages, $load MB to download, $disk MB of disk ($free MB are free)."
if [ "$free" -lt $((load + disk)) ]; then
	echo "There is not enough disk space for them on /." >&2
	exit 1
fi
[ -z "${NPM-}" ] || echo "After that, npm installs packages in $NPM, some 50 to 120 MB in each."
if [ -z "${YES-}" ] && [ -t 0 ] && [ -t 1 ]; then
	read -r -p "Install them? (YES=1 does not ask.) [Y/n] " answer || answer=n
	case $answer in
	'' | [Yy]*) ;;
	*)
		echo "Nothing was installed."
		exit 1
		;;
	esac
fi
$sudo env DEBIAN_FRONTEND=noninteractive apt-get "${install[@]}" -y -q -o Acquire::Retries=3 $names ||
	failed "apt-get could not install these packages"
