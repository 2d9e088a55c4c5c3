#include "workerd/api/hours/duty.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/hours/hours.h"

/* False: it is always open. */
static bool
duty_load(struct slice json, struct hours *h)
{
	if (hours_load(json, h))
		return true;
	if (json.len > 0)
		log_event(LOG_WARN, "hours_unknown",
		    L_STR("help",
			"the tz database of this machine does not have the zone of stored "
			"working hours: "
			"install or update the package tzdata"));
	return false;
}

static void
duty_write_time(struct json_writer *j, const char *name, uint64_t ms)
{
	if (ms == 0)
		json_write_null(j, name);
	else
		json_write_uint(j, name, ms);
}

void
duty_write_state(struct json_writer *j, struct slice hours, uint64_t now_ms)
{
	struct hours_state state = {.open = true};
	struct hours h;

	if (duty_load(hours, &h)) {
		state = hours_at(&h, now_ms);
		hours_clear(&h);
	}
	json_write_bool(j, "open", state.open);
	duty_write_time(j, "opensAt", state.open ? 0 : state.until);
	duty_write_time(j, "closesAt", state.open ? state.until : 0);
}

static uint64_t
duty_read_time(const uint8_t *p)
{
	uint64_t le;

	memcpy(&le, p, sizeof(le));
	return le64toh(le);
}

static int
duty_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Longer waits count as if they had ended then: each day of a wait costs time, of a request that anybody may make. */
#define WAIT_MAX_MS (7 * CLOCK_DAY_MS)

/* What visitors waited. An answer to a question of closed hours that was given before they opened says nothing about the
 * hours, and times that cannot be come from an import. h: NULL, always open. */
static size_t
duty_collect(const struct hours *h, struct slice times, uint64_t now_ms, uint64_t waits[])
{
	size_t n = 0;

	for (size_t at = 0; at + RESPONSE_LEN <= times.len && n < RESPONSES_MAX;
	     at += RESPONSE_LEN) {
		const uint64_t asked = duty_read_time(times.p + at);
		uint64_t answered = duty_read_time(times.p + at + RESPONSE_LEN / 2);

		if (asked > answered || answered > now_ms + CLOCK_DAY_MS)
			continue;
		if (answered - asked > WAIT_MAX_MS)
			answered = asked + WAIT_MAX_MS;
		waits[n] = h == NULL ? answered - asked : hours_between(h, asked, answered);
		n += h == NULL || waits[n] > 0;
	}
	return n;
}

uint64_t
duty_usual_wait(struct slice hours, struct slice responses, uint64_t now_ms)
{
	struct msg_responses_record r;
	uint64_t waits[RESPONSES_MAX];
	struct hours h;
	bool has_hours;
	size_t n;

	if (responses.len == 0)
		return 0;
	must(record_decode(responses, MSG_RESPONSES_RECORD, &r) == WIRE_OK);
	has_hours = duty_load(hours, &h);
	n = duty_collect(has_hours ? &h : NULL, r.times, now_ms, waits);
	if (has_hours)
		hours_clear(&h);
	if (n < DUTY_ANSWERS_MIN)
		return 0;
	qsort(waits, n, sizeof(waits[0]), duty_compare);
	/* 0 would mean that it is not known. */
	return waits[n / 2] == 0 ? 1 : waits[n / 2];
}
