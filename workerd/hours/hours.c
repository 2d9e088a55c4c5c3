#include "workerd/hours/hours.h"

#include <string.h>
#include <time.h>

#include "proto/base/basics.h"

#define MINUTES_OF_DAY 1440
#define SECONDS_OF_DAY 86400

/* Days that are looked at: more than all holidays in a row, and a week. Beyond them it never opens. */
#define DAYS_AHEAD (HOURS_HOLIDAYS_MAX + 8u)

/* Beyond so many days without an end it is always open. */
#define DAYS_OPEN 9

/* Days whose open time is counted. */
#define DAYS_COUNTED 366

/* A walk over the times when it is open, from a local day on. */
struct hours_walk {
	const struct hours *h;
	int32_t day, end; /* since 1970; the first one not wanted */
	size_t next;      /* of h->weekly: the next one, whose day is to be `day` */
};

/* Seconds since 1970. */
struct hours_span {
	int64_t from, to;
};

void
hours_clear(struct hours *h)
{
	zone_free(h->zone);
	h->zone = NULL;
}

/* Monday is 0; 1970 began on a Thursday. */
static unsigned
hours_weekday(int32_t day)
{
	return (unsigned)((day + 3) % 7);
}

static bool
hours_is_holiday(const struct hours *h, int32_t day)
{
	for (size_t i = 0; i < h->n_holidays; i++)
		if (h->holidays[i] == day)
			return true;
	return false;
}

static int32_t
hours_day_of(const struct hours *h, int64_t t)
{
	return (int32_t)((t + zone_at(h->zone, t).offset) / SECONDS_OF_DAY);
}

/* Two days before: an interval may begin a day earlier, and a zone may skip a day. */
static struct hours_walk
hours_walk_from(const struct hours *h, int64_t t, int32_t days)
{
	const int32_t day = hours_day_of(h, t);

	return (struct hours_walk){.h = h, .day = day - 2, .end = day + days};
}

/* The next interval of a day that is no holiday; false: there is none before the end. */
static bool
hours_walk_find(struct hours_walk *w, struct hours_interval *interval)
{
	for (; w->day < w->end; w->day++, w->next = 0) {
		while (!hours_is_holiday(w->h, w->day) && w->next < w->h->n) {
			*interval = w->h->weekly[w->next++];
			if (interval->from / MINUTES_OF_DAY == hours_weekday(w->day))
				return true;
		}
	}
	return false;
}

/* The next time when it is open, in the order of their beginnings. It may be empty, if clocks skip it. */
static bool
hours_walk_next(struct hours_walk *w, struct hours_span *span)
{
	struct hours_interval found;
	int64_t midnight, from, to;

	if (!hours_walk_find(w, &found))
		return false;
	midnight = (int64_t)w->day * SECONDS_OF_DAY;
	from = found.from % MINUTES_OF_DAY;
	to = from + (found.to - found.from);
	if (to > MINUTES_OF_DAY && hours_is_holiday(w->h, w->day + 1))
		to = MINUTES_OF_DAY;
	span->from = zone_moments(w->h->zone, midnight + from * 60).first;
	span->to = zone_moments(w->h->zone, midnight + to * 60).last;
	return true;
}

struct hours_state
hours_at(const struct hours *h, uint64_t ms)
{
	const int64_t now = (int64_t)(ms / 1000);
	struct hours_walk w = hours_walk_from(h, now, DAYS_AHEAD);
	struct hours_span span, open = {now, now};

	while (hours_walk_next(&w, &span)) {
		if (span.to <= open.to || span.to <= span.from)
			continue;
		if (span.from > open.to && open.to == now)
			return (struct hours_state){false, (uint64_t)span.from * 1000};
		if (span.from > open.to)
			return (struct hours_state){true, (uint64_t)open.to * 1000};
		open.to = span.to;
		if (open.to > now + (int64_t)DAYS_OPEN * SECONDS_OF_DAY)
			return (struct hours_state){true, 0};
	}
	return open.to == now ? (struct hours_state){false, 0}
			      : (struct hours_state){true, (uint64_t)open.to * 1000};
}

uint64_t
hours_between(const struct hours *h, uint64_t from_ms, uint64_t to_ms)
{
	struct hours_walk w = hours_walk_from(h, (int64_t)(from_ms / 1000), DAYS_COUNTED);
	struct hours_span span;
	uint64_t counted = from_ms, sum = 0;

	while (counted < to_ms && hours_walk_next(&w, &span)) {
		uint64_t from = (uint64_t)span.from * 1000, to = (uint64_t)span.to * 1000;

		from = from < counted ? counted : from;
		to = to > to_ms ? to_ms : to;
		if (from >= to_ms)
			break;
		if (from >= to)
			continue;
		sum += to - from;
		counted = to;
	}
	return sum;
}
