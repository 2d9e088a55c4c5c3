/*
 * The table caps: a widget's messages by day. A clock that is set back counts in the day that it
 * shows. Some other days are kept too, so that a clock that was wrong for a while, even by years, does not
 * reset the count of today.
 */
#include "storaged/turns/daily_caps.h"

#include "proto/base/clock.h"
#include "proto/base/log.h"

/* Days of a widget with a count, at most. */
#define DAYS_KEPT 8u

static struct key
daily_cap_key_of_day(const struct id *widget, uint64_t now)
{
	return key_cap(widget, (uint32_t)(now / CLOCK_DAY_MS));
}

int
daily_cap_count(struct txn *t, const struct id *widget, uint64_t now, uint64_t *messages)
{
	struct key key = daily_cap_key_of_day(widget, now);
	struct msg_cap_record cap;
	int rc = txn_get_record(t, TABLE_CAPS, &key, &cap);

	*messages = rc == 0 ? cap.messages : 0;
	return txn_survives(rc) ? 0 : rc;
}

/* How many days of a widget the table has. */
static int
daily_cap_count_days(struct walk *w, unsigned *n)
{
	int rc = walk_from(w, &w->front);

	for (*n = 0; rc == 0; ++*n)
		rc = walk_next(w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Removes the oldest days of a widget to make room for one more. */
static int
daily_cap_drop_old(struct txn *t, const struct id *widget)
{
	struct key front = key_id(widget);
	unsigned n = 0;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CAPS, &front);

	if (rc == 0)
		rc = daily_cap_count_days(&w, &n);
	for (; rc == 0 && n >= DAYS_KEPT; n--) {
		rc = walk_from(&w, &front);
		if (rc == 0)
			rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc;
}

/* Its count is lost, which is better than a widget that refuses all messages of the day. */
static int
daily_cap_log_restart(const struct id *widget)
{
	log_event(LOG_ERROR, "daily_cap_restarted", L_ID("widget", widget),
	    L_STR("help",
		"the count of today's messages was damaged and begins again at 0: "
		"run banter verify"));
	return 0;
}

int
daily_cap_add(struct txn *t, const struct id *widget, uint64_t now)
{
	struct key key = daily_cap_key_of_day(widget, now);
	struct msg_cap_record cap;
	int rc = txn_get_record(t, TABLE_CAPS, &key, &cap);

	if (txn_survives(rc)) {
		bool damaged = rc == RECORD_DAMAGED;

		cap = (struct msg_cap_record){.v = RECORD_VERSION};
		rc = damaged ? daily_cap_log_restart(widget) : daily_cap_drop_old(t, widget);
	}
	if (rc != 0)
		return rc;
	cap.messages++;
	return txn_put_record(t, TABLE_CAPS, &key, &cap);
}
