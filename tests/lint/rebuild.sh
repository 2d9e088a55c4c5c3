#!/usr/bin/env bash
# Checks that make compiles nothing again: the packages and `make all` share objects, but build them in
# different orders.
set -eu
cd "$(dirname "$0")/../.."
build=$(mktemp -d)
trap 'rm -r "$build"' EXIT
compile() { make --no-print-directory BUILD="$build" "$build/obj/$1.o"; }

compile proto/base/utf8 >"$build/log"
compile proto/ipc/channel >"$build/log" # contains the version
compile proto/base/utf8 >"$build/log"
if grep CC "$build/log"; then
	echo 'Makefile: these files did not change, but make compiled them again' >&2
	exit 1
fi
