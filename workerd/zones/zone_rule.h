/*
 * The rule at the end of a TZif file, for all times behind its last transition: a POSIX TZ string with the extensions of
 * RFC 9636, section 3.3.1 (hours from -167 to 167).
 */
#ifndef WORKERD_ZONES_ZONE_RULE_H
#define WORKERD_ZONES_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"

/* A day of each year, and the local time on it at which clocks are set. */
struct zone_rule_day {
	enum { ZONE_RULE_MONTH, ZONE_RULE_DAY, ZONE_RULE_DAY_OR_LEAP } kind;
	int month, week, day; /* Mm.w.d; else day: 1 to 365 without leap days, or 0 to 365 */
	int32_t time;         /* seconds; may be of the day before, or of a later one */
};

struct zone_rule {
	int32_t standard, summer; /* seconds ahead of UTC */
	bool has_summer;
	struct zone_rule_day begin, end; /* of the summer time */
};

/* False: the text is invalid. */
[[gnu::warn_unused_result]] bool zone_rule_parse(struct slice text, struct zone_rule *rule);

/* A moment from which on this offset is valid. */
struct zone_change {
	int64_t at;
	int32_t offset;
};

/* The changes of a year, in their order in time. */
void zone_rule_changes(const struct zone_rule *rule, int year, struct zone_change changes[2]);

#endif
