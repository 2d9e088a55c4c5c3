#include "workerd/zones/zone_rule.h"

#include <time.h>

#include "proto/base/basics.h"

#define HOUR 3600
#define DAY  86400

/* The greatest hour of an offset (RFC 9636, section 3.3.1), and of a rule's time. */
#define OFFSET_HOURS 24
#define TIME_HOURS   167

static bool
zone_rule_take(struct slice *in, char c)
{
	if (in->len == 0 || in->p[0] != (uint8_t)c)
		return false;
	in->p++;
	in->len--;
	return true;
}

static bool
zone_rule_is_digit(struct slice in)
{
	return in.len > 0 && in.p[0] >= '0' && in.p[0] <= '9';
}

/* A number from min to max. */
static bool
zone_rule_number(struct slice *in, int min, int max, int *n)
{
	if (!zone_rule_is_digit(*in))
		return false;
	for (*n = 0; zone_rule_is_digit(*in) && *n <= max; in->p++, in->len--)
		*n = *n * 10 + (in->p[0] - '0');
	return *n >= min && *n <= max;
}

/* The name of a time, which nobody needs: at least three letters, or any text of letters, digits and signs in angle
 * brackets. */
static bool
zone_rule_skip_name(struct slice *in)
{
	bool quoted = zone_rule_take(in, '<');
	size_t n = 0;

	for (; in->len > 0; n++, in->p++, in->len--) {
		uint8_t c = in->p[0], letter = c | 0x20;
		bool fits = letter >= 'a' && letter <= 'z';

		fits |= quoted && (zone_rule_is_digit(*in) || c == '+' || c == '-');
		if (!fits)
			break;
	}
	return n >= 3 && (!quoted || zone_rule_take(in, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool
zone_rule_time(struct slice *in, int hours_max, int32_t *seconds)
{
	bool negative = zone_rule_take(in, '-');
	int h, m = 0, s = 0;

	if (!negative)
		(void)zone_rule_take(in, '+');
	if (!zone_rule_number(in, 0, hours_max, &h))
		return false;
	if (zone_rule_take(in, ':') && !zone_rule_number(in, 0, 59, &m))
		return false;
	if (in->len > 0 && zone_rule_take(in, ':') && !zone_rule_number(in, 0, 59, &s))
		return false;
	*seconds = h * HOUR + m * 60 + s;
	if (negative)
		*seconds = -*seconds;
	return true;
}

/* An offset: POSIX counts it to the west. */
static bool
zone_rule_offset(struct slice *in, int32_t *offset)
{
	if (!zone_rule_time(in, OFFSET_HOURS, offset))
		return false;
	*offset = -*offset;
	return true;
}

/* ,Mm.w.d or ,Jn or ,n, and /time */
static bool
zone_rule_day(struct slice *in, struct zone_rule_day *d)
{
	bool valid;

	*d = (struct zone_rule_day){.kind = ZONE_RULE_DAY_OR_LEAP, .time = 2 * HOUR};
	if (!zone_rule_take(in, ','))
		return false;
	if (zone_rule_take(in, 'M')) {
		d->kind = ZONE_RULE_MONTH;
		valid = zone_rule_number(in, 1, 12, &d->month) && zone_rule_take(in, '.') &&
		    zone_rule_number(in, 1, 5, &d->week) && zone_rule_take(in, '.') &&
		    zone_rule_number(in, 0, 6, &d->day);
	} else if (zone_rule_take(in, 'J')) {
		d->kind = ZONE_RULE_DAY;
		valid = zone_rule_number(in, 1, 365, &d->day);
	} else {
		valid = zone_rule_number(in, 0, 365, &d->day);
	}
	return valid && (!zone_rule_take(in, '/') || zone_rule_time(in, TIME_HOURS, &d->time));
}

bool
zone_rule_parse(struct slice text, struct zone_rule *rule)
{
	*rule = (struct zone_rule){.has_summer = false};
	if (!zone_rule_skip_name(&text) || !zone_rule_offset(&text, &rule->standard))
		return false;
	if (text.len == 0)
		return true;
	rule->has_summer = true;
	rule->summer = rule->standard + HOUR;
	if (!zone_rule_skip_name(&text))
		return false;
	if (text.len > 0 && text.p[0] != ',' && !zone_rule_offset(&text, &rule->summer))
		return false;
	return zone_rule_day(&text, &rule->begin) && zone_rule_day(&text, &rule->end) &&
	    text.len == 0;
}

static bool
zone_rule_is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The start of a day in UTC; month from 0 on. */
static int64_t
zone_rule_date(int year, int month, int day)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = day};

	return timegm(&tm);
}

/* The day of a rule in a year, as the local time at its start. */
static int64_t
zone_rule_day_of(const struct zone_rule_day *d, int year)
{
	int64_t first, day, next;
	int weekday;

	if (d->kind == ZONE_RULE_DAY)
		return zone_rule_date(
		    year, 0, d->day + (zone_rule_is_leap(year) && d->day > 59));
	if (d->kind == ZONE_RULE_DAY_OR_LEAP)
		return zone_rule_date(year, 0, d->day + 1);
	first = zone_rule_date(year, d->month - 1, 1);
	next = zone_rule_date(year, d->month, 1);
	/* 1970 began on a Thursday. */
	weekday = (int)(((first / DAY + 4) % 7 + 7) % 7);
	day = first + (int64_t)((d->day - weekday + 7) % 7 + 7 * (d->week - 1)) * DAY;
	/* Week 5 is the last one. */
	return day < next ? day : day - 7 * DAY;
}

void
zone_rule_changes(const struct zone_rule *rule, int year, struct zone_change changes[2])
{
	const struct zone_change begin = {
	    zone_rule_day_of(&rule->begin, year) + rule->begin.time - rule->standard,
	    rule->summer};
	const struct zone_change end = {
	    zone_rule_day_of(&rule->end, year) + rule->end.time - rule->summer, rule->standard};

	must(rule->has_summer);
	changes[0] = begin.at <= end.at ? begin : end;
	changes[1] = begin.at <= end.at ? end : begin;
}
