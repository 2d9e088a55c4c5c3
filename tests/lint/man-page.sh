#!/usr/bin/env bash
# Checks the man pages: valid mdoc; banter(1) documents exactly the commands of the program, with all their
# options; the daemons' pages document all options; each page lists the exit statuses of its program.
set -eu
cd "$(dirname "$0")/../.."
page=systemd/man/banter.1
status=0

complain() {
	echo "$page: $*" >&2
	status=1
}

# Prints a command's lines of the SYNOPSIS, and its section.
about() {
	awk -v command="$1" '
		/^\.Sh / { section = $2; here = 0 }
		/^\.Nm$/ && section == "SYNOPSIS" { here = 0 }
		$0 == ".Cm " command && section == "SYNOPSIS" { here = 1 }
		/^\.Ss / { here = $2 == command }
		here' "$page"
}

make --no-print-directory -s build/banter build/masterd build/workerd build/storaged build/searchd build/crawld build/maild \
	build/banter.env.5
mandoc -T lint -W warning systemd/man/*.[18] build/banter.env.5 || status=1
commands=$(build/banter help | sed -nE 's/^  ([a-z]+) .*/\1/p')
sections=$(sed -n 's/^\.Ss //p' "$page")
[ "$commands" = "$sections" ] ||
	complain "its sections are" $sections", the commands are" $commands
for command in $commands; do
	[ "$command" = help ] && continue
	for option in $(build/banter "$command" --help | sed -nE 's/^  --([a-z-]+) .*/\1/p'); do
		case $option in data-dir | socket | help | version) continue ;; esac
		about "$command" | grep -qE "Fl -$option( |\$)" ||
			complain "nothing about --$option of banter $command"
	done
done
# Checks that the page lists each exit status that the sources which find(1) finds use.
says_statuses() {
	for name in $(find "$@" -name "*.c" -exec grep -hoE "\bEX_[A-Z]+" {} + | sort -u); do
		number=$(awk -v name="$name" '$2 == name { print $3 }' /usr/include/sysexits.h)
		grep -qE "^\.It $number$" "$page" || complain "nothing about exit status $number ($name)"
	done
}

says_statuses storaged/cli
for daemon in masterd workerd storaged searchd crawld maild; do
	page=systemd/man/banter-$daemon.8
	case $daemon in
	storaged) says_statuses storaged/server ;;
	searchd) says_statuses storaged/search ;;
	crawld) says_statuses workerd/crawl ;;
	maild) says_statuses workerd/maild ;;
	workerd) says_statuses workerd -not -path "workerd/crawl/*" -not -path "workerd/maild/*" ;;
	*) says_statuses $daemon ;;
	esac
	for option in $(build/$daemon --help | grep -oE -- '--[a-z-]+' | sort -u); do
		grep -qE -- "(Fl|\|) ${option#-}( |\$)" "$page" ||
			complain "nothing about $option"
	done
done
exit $status
