/*
 * Working hours as JSON: those that are accepted are written as JSON that is read as the same, are open or closed at any
 * time until they change, and their open time adds up.
 */
#include <jansson.h>

#include "proto/base/clock.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/hours/hours.h"

static void
check_state(const struct hours *h, uint64_t ms)
{
	const struct hours_state state = hours_at(h, ms);
	const uint64_t end = ms + 30 * CLOCK_DAY_MS;
	const uint64_t until = state.until == 0 || state.until > end ? end : state.until;

	must(state.until == 0 || state.until > ms);
	must(hours_between(h, ms, until) == (state.open ? until - ms : 0));
	if (until < end)
		must(hours_at(h, until).open != state.open);
	must(hours_between(h, ms, end) ==
	    hours_between(h, ms, until) + hours_between(h, until, end));
}

static void
check_same(const struct hours *h)
{
	struct buf json, again;
	struct hours read;

	buf_init(&json, HOURS_JSON_MAX);
	buf_init(&again, HOURS_JSON_MAX);
	hours_write(h, &json);
	must(hours_load(buf_slice(&json), &read));
	hours_write(&read, &again);
	must(slice_eq(buf_slice(&json), buf_slice(&again)));
	hours_clear(&read);
	buf_clear(&json);
	buf_clear(&again);
}

FUZZ(hours)
{
	struct hours h;

	if (!hours_load(in, &h))
		return;
	check_same(&h);
	/* Whole seconds, as the hours have; around the days on which Europe and America set their clocks in 2026. */
	for (uint64_t hour = 0; hour < 24; hour++) {
		check_state(&h, UINT64_C(1774700000000) + hour * 3 * CLOCK_HOUR_MS);
		check_state(&h, UINT64_C(1792800000000) + hour * 13 * CLOCK_HOUR_MS);
	}
	hours_clear(&h);
}
