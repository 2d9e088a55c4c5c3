/*
 * Zones: files that are refused, and rules for times behind the last change of a file. tests/e2e/zones.test.mjs compares
 * all zones with another implementation.
 */
#include <time.h>

#include "tests/unit/unit.h"
#include "workerd/zones/zone.h"
#include "workerd/zones/zone_rule.h"

/* A file of version 2 with one type and a rule. */
static size_t
write_file(uint8_t out[256], const char *rule)
{
	static const uint8_t counts[24] = {[19] = 1, [23] = 1};
	size_t n = 0;

	for (int part = 0; part < 2; part++) {
		memcpy(out + n, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
		memcpy(out + n + 20, counts, 24);
		memset(out + n + 44, 0, 7);
		n += 51;
	}
	n += (size_t)snprintf((char *)out + n, 256 - n, "\n%s\n", rule);
	return n;
}

static struct zone *
parse(const char *rule)
{
	uint8_t file[256];

	return zone_parse((struct slice){file, write_file(file, rule)});
}

TEST(invalid_rules_are_refused)
{
	static const char *const rules[] = {"X1", "CET", "CET-25", "<CET-1", "CET-1CEST",
	    "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
	    "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J300",
	    "CET-1CEST,J1,366", "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x",
	    "CET-1:60"};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		assert_null(parse(rules[i]));
}

TEST(a_file_that_is_cut_is_refused)
{
	uint8_t file[256];
	size_t n = write_file(file, "CET-1");
	struct zone *zone;

	for (size_t cut = 0; cut < n; cut++)
		assert_null(zone_parse((struct slice){file, cut}));
	zone = zone_parse((struct slice){file, n});
	assert_non_null(zone);
	zone_free(zone);
	file[4] = '1';
	assert_null(zone_parse((struct slice){file, n}));
}

/* The offset, in seconds, at a time in UTC. */
static int32_t
offset_at(const struct zone *zone, int year, int month, int day, int hour, int minute)
{
	struct tm tm = {.tm_year = year - 1900,
	    .tm_mon = month - 1,
	    .tm_mday = day,
	    .tm_hour = hour,
	    .tm_min = minute};

	return zone_at(zone, timegm(&tm)).offset;
}

TEST(rules_of_all_forms)
{
	static const struct {
		const char *rule;
		int year, month, day, hour, minute, before, after; /* offsets in minutes */
	} cases[] = {
	    {"CET-1CEST,M3.5.0,M10.5.0/3", 2400, 3, 26, 1, 0, 60, 120},
	    {"CET-1CEST,M3.5.0,M10.5.0/3", 2400, 10, 29, 1, 0, 120, 60},
	    {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2100, 4, 3, 15, 0, 660, 630},
	    {"IST-1GMT0,M10.5.0,M3.5.0/1", 2050, 10, 30, 1, 0, 60, 0},
	    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2050, 3, 27, 1, 0, -120, -60},
	    {"AAA1BBB,J60,J300", 2028, 3, 1, 3, 0, -60, 0}, /* without leap days */
	    {"AAA1BBB,59,299", 2028, 2, 29, 3, 0, -60, 0},  /* with them */
	    {"AAA1BBB,M3.4.4/50,M10.4.4/50", 2026, 3, 28, 3, 0, -60, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct zone *zone = parse(cases[i].rule);

		assert_non_null(zone);
		assert_int_equal(offset_at(zone, cases[i].year, cases[i].month, cases[i].day,
				     cases[i].hour, cases[i].minute - 1),
		    cases[i].before * 60);
		assert_int_equal(offset_at(zone, cases[i].year, cases[i].month, cases[i].day,
				     cases[i].hour, cases[i].minute),
		    cases[i].after * 60);
		zone_free(zone);
	}
}

TEST(summer_time_may_last_all_year)
{
	struct zone *zone = parse("EST5EDT,0/0,J365/25");

	assert_non_null(zone);
	for (int month = 1; month <= 12; month++)
		assert_int_equal(offset_at(zone, 2026, month, 1, 4, 59), -4 * 3600);
	assert_int_equal(offset_at(zone, 2027, 1, 1, 5, 0), -4 * 3600);
	zone_free(zone);
}

TEST_MAIN(NULL, NULL)
