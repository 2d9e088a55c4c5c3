#!/usr/bin/env bash
# Checks that the settings table in systemd/README.md is the output of masterd; --write updates it.
set -eu
cd "$(dirname "$0")/../.."
page=systemd/README.md
table=$(mktemp)
expected=$(mktemp)
trap 'rm -f "$table" "$expected"' EXIT

make --no-print-directory -s build/masterd
build/masterd --settings-table >"$table"
awk -v table="$table" '
	/<!-- settings: begin -->/ { print; while ((getline line < table) > 0) print line; skip = 1 }
	/<!-- settings: end -->/ { skip = 0 }
	!skip && !/<!-- settings: begin -->/ { print }
' "$page" >"$expected"

if [ "${1:-}" = --write ]; then
	cat "$expected" >"$page"
elif ! cmp -s "$expected" "$page"; then
	echo "$page: the table of settings differs from settings.def;" \
		'tests/lint/settings-table.sh --write updates it' >&2
	exit 1
fi
