/*
 * Names of kinds and of changes. The feed's own row has a name for `banter export` and the log only.
 */
#include "proto/ipc/change_names.h"

#include <string.h>

_Static_assert(CHANGE_KINDS <= 32, "a set of kinds is a 32-bit number");

const char *
change_kind_name(uint8_t kind)
{
	return kind < CHANGE_KINDS ? change_kind_words[kind] : "unknown";
}

const char *
change_what_name(uint8_t what)
{
	return what < CHANGE_WHATS ? change_what_words[what] : "unknown";
}

const char *
change_period_name(uint8_t what)
{
	if (what >= CHANGE_DAY_REACHED && what <= CHANGE_DAY_MOST)
		return "day";
	return what >= CHANGE_MONTH_REACHED && what <= CHANGE_MONTH_MOST ? "month" : NULL;
}

enum change_kind
change_kind_of(struct slice name)
{
	enum change_kind kind = CHANGE_FEED + 1;

	while (kind < CHANGE_KINDS && !slice_eq_str(name, change_kind_words[kind]))
		kind++;
	return kind;
}

bool
change_kinds_read(struct slice list, uint32_t *set)
{
	for (;;) {
		const uint8_t *comma = list.len == 0 ? NULL : memchr(list.p, ',', list.len);
		size_t len = comma == NULL ? list.len : (size_t)(comma - list.p);
		enum change_kind kind = change_kind_of((struct slice){list.p, len});

		if (kind == CHANGE_KINDS)
			return false;
		*set |= UINT32_C(1) << kind;
		if (comma == NULL)
			return true;
		list = (struct slice){comma + 1, list.len - len - 1};
	}
}
