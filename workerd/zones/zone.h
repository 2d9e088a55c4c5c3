/*
 * Local times by the tz database: TZif files (RFC 9636) of the system's zoneinfo folder.
 *
 * glibc knows one zone for the whole process (tzset(3)), and Debian has no C library for several that is smaller than
 * ICU. A zone is read from its file each time that it is needed (a few KiB, which the system caches), so that an update
 * of the package tzdata takes effect at once.
 *
 * Times are seconds since 1970. A local time is the number that would be its time in UTC.
 */
#ifndef WORKERD_ZONES_ZONE_H
#define WORKERD_ZONES_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"

/* Bytes of a zone's name, such as America/Argentina/Buenos_Aires. */
#define ZONE_NAME_MAX 64

/* Times from the year 0 to the year 9999, which all functions accept. */
#define ZONE_TIME_MIN (-INT64_C(62167219200))
#define ZONE_TIME_MAX INT64_C(253402300799)

struct zone;

/* Reads the zone with this name. NULL: the tz database has no such zone, or its file is damaged. */
[[gnu::warn_unused_result]] struct zone *zone_load(struct slice name);

/* A zone from the bytes of its file; NULL: they are invalid. */
[[gnu::warn_unused_result]] struct zone *zone_parse(struct slice file);

void zone_free(struct zone *zone);

/* The time around t in which the local time is ahead of UTC by the same number of seconds: from its first second to the
 * first one behind it. */
struct zone_span {
	int64_t from, until; /* INT64_MIN, INT64_MAX: since and for ever */
	int32_t offset;
};
struct zone_span zone_at(const struct zone *zone, int64_t t);

/* The first and the last moment that have this local time: two when clocks are set back. If clocks skip it, both are the
 * moment at which they do. */
struct zone_moments {
	int64_t first, last;
};
struct zone_moments zone_moments(const struct zone *zone, int64_t local);

#endif
