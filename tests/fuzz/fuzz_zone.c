/*
 * A file of the tz database, damaged in any way: what is accepted has an offset for each time, spans that follow each
 * other, and for each local time a first and a last moment. The first byte selects the times.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/zones/zone.h"

#define DAY 86400

/* The span of t begins where the one before it ends, and has moments for its local times. */
static void
check_time(const struct zone *zone, int64_t t)
{
	const struct zone_span span = zone_at(zone, t);
	struct zone_moments moments;

	must(span.from <= t && t < span.until);
	must(span.offset > -26 * 3600 && span.offset < 26 * 3600);
	if (span.until != INT64_MAX && span.until <= ZONE_TIME_MAX)
		must(zone_at(zone, span.until).from <= span.until);
	moments = zone_moments(zone, t);
	must(moments.first <= moments.last);
	must(moments.first > t - 3 * DAY && moments.last < t + 3 * DAY);
	/* The local time of t is that of t, among others. */
	if (t + span.offset >= ZONE_TIME_MIN && t + span.offset <= ZONE_TIME_MAX) {
		moments = zone_moments(zone, t + span.offset);
		must(moments.first <= t && t <= moments.last);
	}
}

FUZZ(zone)
{
	const int64_t by = fuzz_byte(&in) + 1;
	struct zone *zone = zone_parse(in);

	if (zone == NULL)
		return;
	check_time(zone, ZONE_TIME_MIN);
	check_time(zone, ZONE_TIME_MAX);
	for (int64_t i = -40; i < 90; i++)
		check_time(zone, i * 366 * DAY + i * by * 3600);
	zone_free(zone);
}
