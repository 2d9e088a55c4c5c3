#!/usr/bin/env bash
# The README's table of settings is the one that the program prints; --write puts it there.
set -eu
cd "$(dirname "$0")/../.."
table=$(mktemp)
wanted=$(mktemp)
trap 'rm -f "$table" "$wanted"' EXIT

make --no-print-directory -s build/masterd
build/masterd --settings-table >"$table"
awk -v table="$table" '
	/<!-- settings: begin -->/ { print; while ((getline line < table) > 0) print line; skip = 1 }
	/<!-- settings: end -->/ { skip = 0 }
	!skip || /<!-- settings: end -->/ { if (!/<!-- settings: begin -->/) print }
' README.md >"$wanted"

if [ "${1:-}" = --write ]; then
	cat "$wanted" >README.md
elif ! cmp -s "$wanted" README.md; then
	echo 'README.md: the table of settings is not that of proto/settings/settings.def;' \
		'tests/lint/readme-settings.sh --write puts it right' >&2
	exit 1
fi
