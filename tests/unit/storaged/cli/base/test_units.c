/*
 * Formatting and parsing of sizes and times.
 */
#include <time.h>

#include "storaged/cli/base/units.h"
#include "tests/unit/unit.h"

TEST(sizes_have_a_fitting_unit)
{
	assert_string_equal(units_bytes(0).text, "0 B");
	assert_string_equal(units_bytes(1023).text, "1023 B");
	assert_string_equal(units_bytes(1024).text, "1.0 KiB");
	assert_string_equal(units_bytes(1536).text, "1.5 KiB");
	assert_string_equal(units_bytes((1 << 20) - 1).text, "1.0 MiB");
	assert_string_equal(units_bytes(UINT64_C(64) << 30).text, "64.0 GiB");
	assert_string_equal(units_bytes(UINT64_MAX).text, "16.0 EiB");
}

TEST(times_are_local_with_their_offset)
{
	setenv("TZ", "UTC-5:30", 1);
	tzset();
	assert_string_equal(units_time(0).text, "1970-01-01T05:30:00+05:30");
	setenv("TZ", "UTC", 1);
	tzset();
	assert_string_equal(units_time(1795335592926).text, "2026-11-22T08:19:52+00:00");
}

TEST(durations_use_the_largest_unit_with_at_least_two)
{
	assert_string_equal(units_duration(0).text, "0 ms");
	assert_string_equal(units_duration(1999).text, "1999 ms");
	assert_string_equal(units_duration(2000).text, "2 s");
	assert_string_equal(units_duration(119999).text, "119 s");
	assert_string_equal(units_duration(3 * 3600 * 1000).text, "3 h");
	assert_string_equal(units_duration(UINT64_C(49) * 3600 * 1000).text, "2 d");
	assert_string_equal(units_ago(1000, 3 * 3600 * 1000 + 1000).text, "3 h ago");
	assert_string_equal(units_ago(5000, 6999).text, "just now");
	/* The clock was set back. */
	assert_string_equal(units_ago(5000, 1000).text, "just now");
}

TEST(counts_agree_with_their_noun)
{
	assert_string_equal(units_count(0, "line", "lines").text, "0 lines");
	assert_string_equal(units_count(1, "line", "lines").text, "1 line");
	assert_string_equal(units_count(2, "line", "lines").text, "2 lines");
}

TEST(times_are_read_as_utc)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {
	    {"0", 0},
	    {"1795335592926", 1795335592926},
	    {"1970-01-01", 0},
	    {"2026-11-22", 1795305600000},
	    {"2026-11-22T08:19", 1795335540000},
	    {"2026-11-22T08:19:52", 1795335592000},
	    {"2026-11-22T08:19:52Z", 1795335592000},
	    {"2024-02-29", 1709164800000},
	};
	static const char *const bad[] = {"", "yesterday", "-5", "2026-02-29", "2026-13-01",
	    "2026-11-22 08:19", "2026-11-22Z", "2026-11-22T25:00", "2026-11-22T08:19:52+01:00",
	    "1969-12-31", "99999999999999999999"};
	uint64_t ms;

	setenv("TZ", "UTC-5:30", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(units_parse_time(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (units_parse_time(bad[i], &ms))
			fail_msg("%s was taken", bad[i]);
}

TEST_MAIN(NULL, NULL)
