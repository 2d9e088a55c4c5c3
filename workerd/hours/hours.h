/*
 * Working hours: when people answer visitors. Weekly intervals of local time in a zone of the tz database, and dates on
 * which nobody works.
 *
 * The store has them as JSON (ORG_RECORD and WIDGET_RECORD), and the API shows the same:
 *
 *	{"timezone":"Europe/Berlin",
 *	 "weekly":[{"day":"monday","from":"09:00","to":"17:00"}, …],
 *	 "holidays":["2026-12-25", …]}
 *
 * An interval that ends at or before the time at which it begins ends on the next day; "24:00" is the end of a day. On a
 * holiday nothing is open: intervals that begin on it do not take place, and those of the day before end at midnight.
 *
 * When clocks are set, an interval begins at the first and ends at the last moment with its local time; a time that is
 * skipped is the moment at which clocks are set forward.
 */
#ifndef WORKERD_HOURS_HOURS_H
#define WORKERD_HOURS_HOURS_H

#include "proto/base/buf.h"
#include "workerd/zones/zone.h"

#define HOURS_INTERVALS_MAX 50u
#define HOURS_HOLIDAYS_MAX  100u
#define HOURS_JSON_MAX      4096u /* bytes of JSON, as in messages.def */

struct json_t;

/* Minutes since the start of Monday; to is later than from, by at most a day. */
struct hours_interval {
	uint16_t from, to;
};

struct hours {
	char timezone[ZONE_NAME_MAX + 1];
	struct zone *zone;
	size_t n, n_holidays;
	struct hours_interval weekly[HOURS_INTERVALS_MAX]; /* in their order */
	int32_t holidays[HOURS_HOLIDAYS_MAX];              /* days since 1970, in their order */
};

/* What is wrong with a member. */
enum hours_fault {
	HOURS_UNKNOWN, /* there is no such member */
	HOURS_TIMEZONE,
	HOURS_WEEKLY, /* not a list, or too long */
	HOURS_OBJECT,
	HOURS_DAY,
	HOURS_FROM,
	HOURS_TO,
	HOURS_EMPTY,
	HOURS_OVERLAP,
	HOURS_HOLIDAYS,
	HOURS_DATE,
	HOURS_DATE_TWICE,
};

/* Called for each fault; member is its path, such as "weekly.2.from". */
typedef void hours_fault_fn(void *arg, const char *member, enum hours_fault fault);

/* Reads a JSON object; false, and nothing to clear: it has faults, which are reported (NULL: not). */
[[gnu::warn_unused_result]] bool hours_read(
    struct json_t *object, struct hours *h, hours_fault_fn *wrong, void *arg);

/* The same for stored hours. False: there are none, or this machine's tz database does not have their zone. */
[[gnu::warn_unused_result]] bool hours_load(struct slice json, struct hours *h);

void hours_clear(struct hours *h);

/* Appends the JSON of hours, sorted; out has room for HOURS_JSON_MAX. */
void hours_write(const struct hours *h, struct buf *out);

/* Whether it is open at this time (ms since 1970), and when that changes: 0 if it never does. */
struct hours_state {
	bool open;
	uint64_t until;
};
struct hours_state hours_at(const struct hours *h, uint64_t ms);

/* The open time between two times, in ms. Of more than a year only the first one counts. */
uint64_t hours_between(const struct hours *h, uint64_t from_ms, uint64_t to_ms);

#endif
