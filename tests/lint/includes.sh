#!/usr/bin/env bash
# Who may include whom (README, "How it is built inside"). Prints each breach, exits 1 if any.
set -eu
cd "$(dirname "$0")/../.."
status=0

# breach FOLDER PATTERN WHY: no file under FOLDER may have an include that matches PATTERN.
breach() {
	local found
	found=$(grep -rnE --include='*.[ch]' --include='*.def' "^#include [<\"]$2" $1 || true)
	[ -z "$found" ] && return
	printf '%s\n  %s\n' "$found" "$3" >&2
	status=1
}

breach proto    '(masterd|workerd|storaged|tests)/' 'proto includes nothing but proto'
breach masterd  '(workerd|storaged|tests)/'         'a daemon includes no other daemon'
breach storaged '(workerd|masterd|tests)/'          'a daemon includes no other daemon'
breach 'storaged/*.[ch]' 'storaged/banter/'         'storaged knows nothing of the banter command'
breach workerd  '(masterd|storaged|tests)/'         'a daemon includes no other daemon'
breach workerd/http 'workerd/(chat|api|control|store_client)' 'http knows nothing of chat'
breach workerd/chat 'workerd/(http|api|control)'    'chat knows nothing of HTTP'

# only HEADER FILES…: no other file may include this header.
only() {
	local header=$1 found
	shift
	found=$(grep -rlE --include='*.[ch]' "^#include <$header>" proto masterd workerd storaged |
		grep -vxE "$(IFS='|'; echo "$*")" || true)
	[ -z "$found" ] && return
	printf '%s\n  only %s may include %s\n' "$found" "$*" "$header" >&2
	status=1
}

only 'curl/curl.h' 'workerd/chat/upstream_internal.h'
only 'lmdb.h' 'storaged/.*'
only 'wslay/wslay.h' 'workerd/http/ws.*'
only 'uni(case|conv|ctype|norm|str|types)[.]h' 'storaged/contact_keys.c'
only 'openssl/ssl.h' 'workerd/http/tls.c' 'workerd/http/io.c'

exit $status
