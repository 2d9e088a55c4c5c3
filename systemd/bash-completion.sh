#!/bin/sh
# Writes the completion of bash for the banter command at path $1, from its help, which is printed from
# storaged/cli/base/commands.def and from each command's table of options.
set -eu
banter=$1

# The commands whose line in the help matches a pattern, or all.
commands() {
	"$banter" help | sed -nE "s/^  ([a-z]+) ${1:-}.*/\1/p" | xargs
}

# The options of a command, with the placeholders of their values.
options() {
	"$banter" "$1" --help | sed -nE 's/^  (--[a-z-]+)( [A-Z]+)?  .*/\1\2/p'
}

# The actions of a command: indented words below "ACTION is".
actions() {
	"$banter" "$1" --help | awk '/^ACTION is/ { on = 1; next } !/^  / { on = 0 } on && /^  [a-z]/ { print $1 }'
}

# The options of all commands whose value has one of these placeholders, as a pattern of the shell.
having() {
	for command in $(commands); do
		[ "$command" = help ] || options "$command"
	done | grep -E " ($1)\$" | sed 's/ .*//' | sort -u | paste -sd '|'
}

cat <<END
# Completion of banter(1) for bash, written by systemd/bash-completion.sh.
_banter() {
	local word=\${COMP_WORDS[COMP_CWORD]} words files=
	case \${COMP_WORDS[COMP_CWORD - 1]} in
	$(having DIR)) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "\$word"); return ;;
	$(having 'FILE|PATH')) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "\$word"); return ;;
	$(having '[A-Z]+')) COMPREPLY=(); return ;;
	esac
	case \$COMP_CWORD-\${COMP_WORDS[1]} in
	1-*) words="$(commands) --help --version" ;;
	*-help) words="$(commands)" ;;
END
for command in $(commands); do
	[ "$command" = help ] ||
		echo "	*-$command) words=\"$({ actions "$command"; options "$command"; } | sed 's/ .*//' | xargs)\" ;;"
done
cat <<END
	esac
	case \${COMP_WORDS[1]} in
	$(commands '\[?FILE' | sed 's/ / | /g')) [ "\$COMP_CWORD" = 1 ] || files=yes ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "\$words" -- "\$word")
	if [ "\$files" ] && [[ \$word != -* ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "\$word")
	fi
}
complete -F _banter banter
END
