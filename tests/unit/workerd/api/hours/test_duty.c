/*
 * The usual time of an answer, with hours and without. tests/e2e/hours.test.mjs asks a real daemon for it.
 */
#include <endian.h>
#include <string.h>

#include "proto/base/clock.h"
#include "tests/unit/unit.h"
#include "workerd/api/hours/duty.h"

#define ASKED_MS UINT64_C(1800000000000) /* Friday, 2027-01-15, 8:00 in UTC */
#define HOUR_MS  UINT64_C(3600000)

#define WEEKDAY(day) "{\"day\":\"" day "\",\"from\":\"09:00\",\"to\":\"17:00\"}"
#define UTC_HOURS                                                           \
	"{\"timezone\":\"UTC\",\"weekly\":[" WEEKDAY("monday") "," WEEKDAY( \
	    "friday") "],\"holidays\":[]}"

/* Of so many equal waits. */
static uint64_t
usual_wait(const char *hours, uint64_t wait_ms, size_t n)
{
	uint64_t times[2 * RESPONSES_MAX];
	const struct msg_responses_record r = {.times = {(uint8_t *)times, n * RESPONSE_LEN}};
	struct buf record;
	uint64_t usual;

	for (size_t i = 0; i < n; i++) {
		times[2 * i] = htole64(ASKED_MS);
		times[2 * i + 1] = htole64(ASKED_MS + wait_ms);
	}
	buf_init(&record, 65536);
	assert_int_equal(record_encode(&record, MSG_RESPONSES_RECORD, &r), 0);
	usual = duty_usual_wait(slice_str(hours), buf_slice(&record), ASKED_MS + wait_ms);
	buf_clear(&record);
	return usual;
}

TEST(the_usual_wait_needs_five_answers)
{
	assert_int_equal(usual_wait("", HOUR_MS, 4), 0);
	assert_int_equal(usual_wait("", HOUR_MS, 5), HOUR_MS);
}

/* Anybody may ask for it, so it must not look at each day of waits that last for months. */
TEST(a_wait_counts_seven_days)
{
	assert_int_equal(usual_wait("", 7 * CLOCK_DAY_MS - 1, 5), 7 * CLOCK_DAY_MS - 1);
	assert_int_equal(usual_wait("", 300 * CLOCK_DAY_MS, 5), 7 * CLOCK_DAY_MS);
	/* A Friday and a Monday. */
	assert_int_equal(
	    usual_wait(UTC_HOURS, 300 * CLOCK_DAY_MS, RESPONSES_MAX), 16 * HOUR_MS);
}

TEST_MAIN(NULL, NULL)
