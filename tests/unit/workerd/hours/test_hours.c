/*
 * Working hours: reading them, and whether it is open. tests/e2e/zones.test.mjs compares them with another
 * implementation in many zones.
 */
#include <jansson.h>
#include <time.h>

#include "proto/base/buf.h"
#include "tests/unit/unit.h"
#include "workerd/hours/hours.h"

/* Faults as text: "member=fault ", by their numbers. */
struct faults {
	char text[1024];
	size_t len;
};

static void
note_fault(void *arg, const char *member, enum hours_fault fault)
{
	struct faults *f = arg;

	f->len += (size_t)snprintf(
	    f->text + f->len, sizeof(f->text) - f->len, "%s=%d ", member, (int)fault);
}

static void
assert_faults(const char *json, const char *expected)
{
	json_t *object = json_loads(json, 0, NULL);
	struct faults faults = {.len = 0};
	struct hours h;

	assert_non_null(object);
	assert_false(hours_read(object, &h, note_fault, &faults));
	assert_string_equal(faults.text, expected);
	json_decref(object);
}

#define BERLIN(weekly, holidays) \
	"{\"timezone\":\"Europe/Berlin\",\"weekly\":[" weekly "],\"holidays\":[" holidays "]}"
#define ON(day, from, to) "{\"day\":\"" day "\",\"from\":\"" from "\",\"to\":\"" to "\"}"

static struct hours
load(const char *json)
{
	struct hours h;

	assert_true(hours_load(slice_str(json), &h));
	return h;
}

TEST(each_fault_is_found_with_its_member)
{
	char expected[256];

	assert_faults("{}", "timezone=1 weekly=2 ");
	assert_faults("{\"timezone\":1,\"weekly\":{},\"holidays\":{},\"x\":0}",
	    "timezone=1 weekly=2 holidays=9 x=0 ");
	static const char *const zones[] = {"europe/berlin", "Europe/Berlin ", "",
	    "../etc/passwd", "Europe", "Europe/../UTC", "posix/UTC", "right/UTC", "zone.tab",
	    "/UTC", "Mars/Base"};
	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		(void)snprintf(expected, sizeof(expected),
		    "{\"timezone\":\"%s\",\"weekly\":[]}", zones[i]);
		assert_faults(expected, "timezone=1 ");
	}
	assert_faults(
	    BERLIN("1," ON("Monday", "9:00", "24:01") "," ON("monday", "24:00", "00:60"), ""),
	    "weekly.0=3 weekly.1.day=4 weekly.1.from=5 weekly.1.to=6 weekly.2.from=5 "
	    "weekly.2.to=6 ");
	assert_faults(BERLIN(ON("monday", "09:00", "09:00"), ""), "weekly.0.to=7 ");
	assert_faults(
	    BERLIN("{\"day\":\"monday\",\"from\":\"09:00\",\"to\":\"10:00\",\"note\":1}", ""),
	    "weekly.0.note=0 ");
	assert_faults(
	    BERLIN(ON("monday", "09:00", "12:00") "," ON("monday", "11:59", "13:00"), ""),
	    "weekly.1=8 ");
	/* Over midnight, and from Sunday to Monday. */
	assert_faults(
	    BERLIN(ON("monday", "05:59", "12:00") "," ON("sunday", "22:00", "06:00"), ""),
	    "weekly.1=8 ");
	assert_faults(BERLIN("", "\"2026-02-29\",\"2026-12-25\",\"2026-12-25\",7"),
	    "holidays.0=10 holidays.2=11 holidays.3=10 ");
}

TEST(hours_are_written_sorted_and_read_again)
{
	struct hours h = load(BERLIN(ON("sunday", "22:00", "06:00") "," ON("monday", "18:00",
					 "00:00") "," ON("monday", "06:00", "12:00"),
	    "\"2026-12-26\",\"2026-12-25\""));
	struct buf out;

	buf_init(&out, HOURS_JSON_MAX);
	hours_write(&h, &out);
	assert_true(slice_eq_str(buf_slice(&out),
	    BERLIN(ON("monday", "06:00", "12:00") "," ON("monday", "18:00", "24:00") "," ON(
		       "sunday", "22:00", "06:00"),
		"\"2026-12-25\",\"2026-12-26\"")));
	hours_clear(&h);
	buf_clear(&out);
}

TEST(the_most_hours_fit_into_a_record)
{
	struct hours h = {.n = HOURS_INTERVALS_MAX, .n_holidays = HOURS_HOLIDAYS_MAX};
	struct buf out;

	memset(h.timezone, 'x', ZONE_NAME_MAX);
	for (uint16_t i = 0; i < HOURS_INTERVALS_MAX; i++)
		h.weekly[i] = (struct hours_interval){2 * 1440, 2 * 1440 + 1};
	buf_init(&out, HOURS_JSON_MAX);
	hours_write(&h, &out);
	buf_clear(&out);
}

/* ms since 1970 of a time in UTC. */
static uint64_t
utc(int month, int day, int hour, int minute)
{
	struct tm tm = {.tm_year = 126,
	    .tm_mon = month - 1,
	    .tm_mday = day,
	    .tm_hour = hour,
	    .tm_min = minute};

	return (uint64_t)timegm(&tm) * 1000;
}

static void
assert_state(const struct hours *h, uint64_t at, bool open, uint64_t until)
{
	const struct hours_state state = hours_at(h, at);

	assert_int_equal(state.open, open);
	assert_int_equal(state.until, until);
}

TEST(it_is_open_until_the_end_of_adjoining_intervals)
{
	struct hours h = load(BERLIN(ON("monday", "09:00", "12:00") "," ON("monday", "12:00",
					 "24:00") "," ON("tuesday", "00:00", "02:00"),
	    ""));

	/* 2026-11-30 is a Monday; Berlin is an hour ahead of UTC. */
	assert_state(&h, utc(11, 30, 7, 59), false, utc(11, 30, 8, 0));
	assert_state(&h, utc(11, 30, 8, 0), true, utc(12, 1, 1, 0));
	assert_state(&h, utc(12, 1, 0, 59), true, utc(12, 1, 1, 0));
	assert_state(&h, utc(12, 1, 1, 0), false, utc(12, 7, 8, 0));
	hours_clear(&h);
}

TEST(nothing_is_open_on_a_holiday_and_the_night_before_ends_at_midnight)
{
	struct hours h = load(BERLIN(ON("thursday", "22:00", "06:00") "," ON("friday", "22:00",
					 "06:00") "," ON("saturday", "07:00", "08:00"),
	    "\"2026-12-25\""));

	/* Friday, 2026-12-25. */
	assert_state(&h, utc(12, 24, 22, 0), true, utc(12, 24, 23, 0));
	assert_state(&h, utc(12, 24, 23, 0), false, utc(12, 26, 6, 0));
	assert_int_equal(hours_between(&h, utc(12, 24, 20, 0), utc(12, 26, 6, 30)),
	    (uint64_t)(2 * 60 + 30) * 60000);
	hours_clear(&h);
}

TEST(a_hundred_holidays_in_a_row_end)
{
	struct hours h = load(BERLIN(ON("monday", "09:00", "10:00"), ""));

	h.n_holidays = HOURS_HOLIDAYS_MAX;
	for (int32_t i = 0; i < (int32_t)HOURS_HOLIDAYS_MAX; i++)
		h.holidays[i] = 20787 + i; /* 2026-11-30 */
	/* The first Monday behind them is 2027-03-15. */
	assert_state(
	    &h, utc(11, 30, 0, 0), false, utc(11, 30, 8, 0) + UINT64_C(105) * 86400000);
	hours_clear(&h);
}

#define DAY(day) ON(day, "00:00", "24:00")

TEST(hours_may_be_always_or_never)
{
	struct hours h = load(BERLIN("", ""));

	assert_state(&h, utc(11, 30, 8, 0), false, 0);
	hours_clear(&h);
	h = load(BERLIN(DAY("monday") "," DAY("tuesday") "," DAY("wednesday") "," DAY(
			    "thursday") "," DAY("friday") "," DAY("saturday") "," DAY("sunday"),
	    ""));
	assert_state(&h, utc(11, 30, 8, 0), true, 0);
	hours_clear(&h);
}

TEST(days_on_which_clocks_are_set)
{
	/* Berlin: on 2026-03-29 from 2:00 to 3:00, and on 2026-10-25 from 3:00 back to 2:00. Both are Sundays. */
	struct hours h = load(BERLIN(ON("sunday", "02:30", "04:00"), ""));

	assert_state(&h, utc(3, 29, 0, 0), false, utc(3, 29, 1, 0));
	assert_state(&h, utc(3, 29, 1, 0), true, utc(3, 29, 2, 0));
	assert_state(&h, utc(10, 25, 0, 0), false, utc(10, 25, 0, 30));
	assert_state(&h, utc(10, 25, 0, 30), true, utc(10, 25, 3, 0));
	hours_clear(&h);
	/* It ends with the second 2:30. */
	h = load(BERLIN(ON("sunday", "01:00", "02:30"), ""));
	assert_state(&h, utc(10, 24, 23, 30), true, utc(10, 25, 1, 30));
	hours_clear(&h);
	/* The skipped hour has no open time. */
	h = load(BERLIN(ON("sunday", "02:10", "02:50") "," ON("monday", "09:00", "10:00"), ""));
	assert_state(&h, utc(3, 29, 0, 0), false, utc(3, 30, 7, 0));
	hours_clear(&h);
}

TEST_MAIN(NULL, NULL)
