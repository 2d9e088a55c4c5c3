/*
 * The table caps: a widget's messages by day. A clock that is set back counts in the day that it
 * shows. The previous day is kept too, for a clock that was a little fast at midnight.
 */
#include "storaged/turns/daily_caps.h"

#define DAY_MS ((uint64_t)24 * 3600 * 1000)

/* Every UTC day has this many milliseconds (POSIX, "Seconds Since the Epoch"). */
static struct key
daily_cap_key_of_day(const struct id *widget, uint64_t now)
{
	return key_cap(widget, (uint32_t)(now / DAY_MS));
}

int
daily_cap_count(struct txn *t, const struct id *widget, uint64_t now, uint64_t *messages)
{
	struct key key = daily_cap_key_of_day(widget, now);
	struct msg_cap_record cap;
	int rc = txn_get_record(t, TABLE_CAPS, &key, MSG_CAP_RECORD, &cap);

	*messages = rc == 0 ? cap.messages : 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Removes the days of a widget before the previous one. */
static int
daily_cap_drop_old(struct txn *t, const struct id *widget, uint64_t now)
{
	struct key front = key_id(widget);
	struct key kept = daily_cap_key_of_day(widget, now < DAY_MS ? 0 : now - DAY_MS);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_CAPS, &front);

	while (rc == 0) {
		rc = walk_before(&w, &kept);
		if (rc == 0)
			rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
daily_cap_add(struct txn *t, const struct id *widget, uint64_t now)
{
	struct key key = daily_cap_key_of_day(widget, now);
	struct msg_cap_record cap;
	int rc = txn_get_record(t, TABLE_CAPS, &key, MSG_CAP_RECORD, &cap);

	if (rc == MDB_NOTFOUND) {
		cap = (struct msg_cap_record){.v = RECORD_VERSION};
		rc = daily_cap_drop_old(t, widget, now);
	}
	if (rc != 0)
		return rc;
	cap.messages++;
	return txn_put_record(t, TABLE_CAPS, &key, MSG_CAP_RECORD, &cap);
}
