/*
 * Names of kinds and of changes. The feed's own row has a name for `banter export` and the log only.
 */
#include "proto/ipc/change_names.h"

#include <string.h>

static const char *const kinds[CHANGE_KINDS] = {
    [CHANGE_FEED] = "feed",
    [CHANGE_CONVERSATION] = "conversation",
    [CHANGE_MESSAGE] = "message",
    [CHANGE_REPLY] = "reply",
    [CHANGE_CONTACT] = "contact",
    [CHANGE_WIDGET] = "widget",
    [CHANGE_AGENT] = "agent",
    [CHANGE_USER] = "user",
    [CHANGE_NOTE] = "note",
    [CHANGE_TAG] = "tag",
    [CHANGE_SNIPPET] = "snippet",
    [CHANGE_WEBHOOK] = "webhook",
    [CHANGE_RATING] = "rating",
    [CHANGE_BUDGET] = "budget",
    [CHANGE_INVITATION] = "invitation",
    [CHANGE_PRICES] = "prices",
    [CHANGE_SOURCE] = "source",
    [CHANGE_PAGE] = "page",
    [CHANGE_ANSWER] = "answer",
    [CHANGE_GAP] = "gap",
};

static const char *const whats[CHANGE_WHATS] = {
    [CHANGE_CREATED] = "created",
    [CHANGE_CHANGED] = "changed",
    [CHANGE_DELETED] = "deleted",
    [CHANGE_IMPORTED] = "imported",
    [CHANGE_STARTED] = "started",
    [CHANGE_COMPLETE] = "complete",
    [CHANGE_STOPPED] = "stopped",
    [CHANGE_INTERRUPTED] = "interrupted",
    [CHANGE_IDENTIFIED] = "contact",
    [CHANGE_STATE] = "state",
    [CHANGE_ASSIGNED] = "assigned",
    [CHANGE_TAGGED] = "tags",
    [CHANGE_READ] = "read",
    [CHANGE_MERGED] = "merged",
    [CHANGE_REACHED] = "reached",
    [CHANGE_HALF] = "half",
    [CHANGE_MOST] = "most",
    [CHANGE_DAY_REACHED] = "reached",
    [CHANGE_DAY_HALF] = "half",
    [CHANGE_DAY_MOST] = "most",
    [CHANGE_MONTH_REACHED] = "reached",
    [CHANGE_MONTH_HALF] = "half",
    [CHANGE_MONTH_MOST] = "most",
};

_Static_assert(CHANGE_KINDS <= 32, "a set of kinds is a 32-bit number");

const char *
change_kind_name(uint8_t kind)
{
	return kind < CHANGE_KINDS ? kinds[kind] : "unknown";
}

const char *
change_what_name(uint8_t what)
{
	return what < CHANGE_WHATS ? whats[what] : "unknown";
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

	while (kind < CHANGE_KINDS && !slice_eq_str(name, kinds[kind]))
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
