/*
 * The JSON of working hours, as the API takes it and as the store keeps it.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/hours/hours.h"

#define MINUTES_OF_DAY  1440
#define MINUTES_OF_WEEK (7 * MINUTES_OF_DAY)
#define NAME_UNITS      32 /* of an unknown member's name, in UTF-16 code units */
#define PATH_MAX_LEN    (64 + 3 * NAME_UNITS)

/* Years that a holiday may have. */
#define YEAR_MIN 1970
#define YEAR_MAX 9999

static const char *const days[] = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

/* An object that is read. */
struct hours_reading {
	struct hours *h;
	hours_fault_fn *wrong;
	void *arg;
	bool failed;
};

static void
hours_fault(struct hours_reading *r, const char *member, enum hours_fault fault)
{
	r->failed = true;
	if (r->wrong != NULL)
		r->wrong(r->arg, member, fault);
}

/* A fault of item i of a list; member: NULL for the item itself. */
static void
hours_fault_at(struct hours_reading *r, const char *list, size_t i, const char *member,
    enum hours_fault fault)
{
	const struct slice name =
	    utf8_prefix(slice_str(member == NULL ? "" : member), NAME_UNITS);
	char path[PATH_MAX_LEN];

	(void)snprintf(path, sizeof(path), "%s.%zu%s%.*s", list, i, member == NULL ? "" : ".",
	    (int)name.len, (const char *)name.p);
	hours_fault(r, path, fault);
}

/* A number of so many digits, at a place of a text. */
static int
hours_digits(const char *s, size_t n)
{
	int number = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		number = number * 10 + (s[i] - '0');
	}
	return number;
}

/* Minutes of "09:30"; -1: it is no time. */
static int
hours_read_time(const json_t *value)
{
	const char *s = json_string_value(value);
	int hour, minute;

	if (s == NULL || json_string_length(value) != 5 || strlen(s) != 5 || s[2] != ':')
		return -1;
	hour = hours_digits(s, 2);
	minute = hours_digits(s + 3, 2);
	if (hour < 0 || minute < 0 || minute > 59 || hour * 60 + minute > MINUTES_OF_DAY)
		return -1;
	return hour * 60 + minute;
}

static int
hours_read_day(const json_t *value)
{
	const char *s = json_string_value(value);

	for (size_t i = 0; s != NULL && i < ARRAY_LEN(days); i++)
		if (strcmp(s, days[i]) == 0)
			return (int)i;
	return -1;
}

static void
hours_refuse_unknown(struct hours_reading *r, json_t *object, const char *list, size_t at,
    const char *const known[])
{
	const char *name;
	json_t *value;

	json_object_foreach (object, name, value) {
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], name) != 0)
			i++;
		if (known[i] != NULL)
			continue;
		if (list != NULL)
			hours_fault_at(r, list, at, name, HOURS_UNKNOWN);
		else
			hours_fault(r, name, HOURS_UNKNOWN);
	}
}

/* An item of weekly; its end is before its beginning if it ends on the next day. */
static void
hours_read_interval(struct hours_reading *r, size_t i, json_t *item)
{
	static const char *const known[] = {"day", "from", "to", NULL};
	const int day = hours_read_day(json_object_get(item, "day"));
	const int from = hours_read_time(json_object_get(item, "from"));
	const int to = hours_read_time(json_object_get(item, "to"));
	const bool from_fits = from >= 0 && from < MINUTES_OF_DAY;

	if (!json_is_object(item)) {
		hours_fault_at(r, "weekly", i, NULL, HOURS_OBJECT);
		return;
	}
	hours_refuse_unknown(r, item, "weekly", i, known);
	if (day < 0)
		hours_fault_at(r, "weekly", i, "day", HOURS_DAY);
	if (!from_fits)
		hours_fault_at(r, "weekly", i, "from", HOURS_FROM);
	if (to < 0)
		hours_fault_at(r, "weekly", i, "to", HOURS_TO);
	else if (from_fits && to == from)
		hours_fault_at(r, "weekly", i, "to", HOURS_EMPTY);
	else if (from_fits && day >= 0)
		r->h->weekly[i] = (struct hours_interval){
		    .from = (uint16_t)(day * MINUTES_OF_DAY + from),
		    .to = (uint16_t)(day * MINUTES_OF_DAY + to +
			(to < from ? MINUTES_OF_DAY : 0)),
		};
}

/* Whether two intervals have a minute in common, also when one of them ends in the next week. */
static bool
hours_overlap(struct hours_interval a, struct hours_interval b)
{
	for (int week = -1; week <= 1; week++) {
		const int shift = week * MINUTES_OF_WEEK;

		if (a.from < b.to + shift && b.from + shift < a.to)
			return true;
	}
	return false;
}

static int
hours_compare_intervals(const void *a, const void *b)
{
	const struct hours_interval *x = a, *y = b;

	return (int)x->from - (int)y->from;
}

static void
hours_read_weekly(struct hours_reading *r, json_t *list)
{
	struct hours *h = r->h;

	if (!json_is_array(list) || json_array_size(list) > HOURS_INTERVALS_MAX) {
		hours_fault(r, "weekly", HOURS_WEEKLY);
		return;
	}
	h->n = json_array_size(list);
	for (size_t i = 0; i < h->n; i++)
		hours_read_interval(r, i, json_array_get(list, i));
	if (r->failed)
		return;
	for (size_t i = 0; i < h->n; i++)
		for (size_t before = 0; before < i; before++)
			if (hours_overlap(h->weekly[i], h->weekly[before])) {
				hours_fault_at(r, "weekly", i, NULL, HOURS_OVERLAP);
				break;
			}
	qsort(h->weekly, h->n, sizeof(h->weekly[0]), hours_compare_intervals);
}

/* Days since 1970 of "2026-12-25"; -1: it is no date. */
static int32_t
hours_read_date(const json_t *value)
{
	const char *s = json_string_value(value);
	struct tm tm = {0}, again;
	time_t at;

	if (s == NULL || json_string_length(value) != 10 || strlen(s) != 10 || s[4] != '-' ||
	    s[7] != '-')
		return -1;
	tm.tm_year = hours_digits(s, 4);
	tm.tm_mon = hours_digits(s + 5, 2);
	tm.tm_mday = hours_digits(s + 8, 2);
	if (tm.tm_year < YEAR_MIN || tm.tm_year > YEAR_MAX || tm.tm_mon < 1 || tm.tm_mday < 1)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	again = tm;
	at = timegm(&again);
	/* timegm() takes the 31st of April for the 1st of May. */
	return again.tm_mday == tm.tm_mday && again.tm_mon == tm.tm_mon
	    ? (int32_t)(at / (60 * MINUTES_OF_DAY))
	    : -1;
}

static int
hours_compare_days(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
hours_read_holiday(struct hours_reading *r, size_t i, const json_t *item)
{
	struct hours *h = r->h;
	const int32_t day = hours_read_date(item);

	h->holidays[i] = day;
	if (day < 0) {
		hours_fault_at(r, "holidays", i, NULL, HOURS_DATE);
		return;
	}
	for (size_t before = 0; before < i; before++)
		if (h->holidays[before] == day) {
			hours_fault_at(r, "holidays", i, NULL, HOURS_DATE_TWICE);
			return;
		}
}

static void
hours_read_holidays(struct hours_reading *r, json_t *list)
{
	struct hours *h = r->h;

	if (list == NULL)
		return;
	if (!json_is_array(list) || json_array_size(list) > HOURS_HOLIDAYS_MAX) {
		hours_fault(r, "holidays", HOURS_HOLIDAYS);
		return;
	}
	h->n_holidays = json_array_size(list);
	for (size_t i = 0; i < h->n_holidays; i++)
		hours_read_holiday(r, i, json_array_get(list, i));
	qsort(h->holidays, h->n_holidays, sizeof(h->holidays[0]), hours_compare_days);
}

static void
hours_read_timezone(struct hours_reading *r, const json_t *value)
{
	const struct slice name = {
	    (const uint8_t *)json_string_value(value), json_string_length(value)};

	if (slice_copy_text(name, r->h->timezone, sizeof(r->h->timezone)))
		r->h->zone = zone_load(name);
	if (r->h->zone == NULL)
		hours_fault(r, "timezone", HOURS_TIMEZONE);
}

bool
hours_read(json_t *object, struct hours *h, hours_fault_fn *wrong, void *arg)
{
	static const char *const known[] = {"timezone", "weekly", "holidays", NULL};
	struct hours_reading r = {.h = h, .wrong = wrong, .arg = arg};

	*h = (struct hours){.n = 0};
	hours_read_timezone(&r, json_object_get(object, "timezone"));
	hours_read_weekly(&r, json_object_get(object, "weekly"));
	hours_read_holidays(&r, json_object_get(object, "holidays"));
	hours_refuse_unknown(&r, object, NULL, 0, known);
	if (r.failed)
		hours_clear(h);
	return !r.failed;
}

bool
hours_load(struct slice json, struct hours *h)
{
	json_t *object =
	    json.len == 0 ? NULL : json_loadb((const char *)json.p, json.len, 0, NULL);
	bool valid = json_is_object(object) && hours_read(object, h, NULL, NULL);

	json_decref(object);
	return valid;
}

static void
hours_write_interval(const struct hours_interval *interval, struct buf *out)
{
	const unsigned day = interval->from / MINUTES_OF_DAY;
	const unsigned from = interval->from % MINUTES_OF_DAY;
	unsigned to = interval->to - day * MINUTES_OF_DAY;

	/* An end at midnight is that of its own day. */
	if (to > MINUTES_OF_DAY)
		to -= MINUTES_OF_DAY;
	must(buf_printf(out, "{\"day\":\"%s\",\"from\":\"%02u:%02u\",\"to\":\"%02u:%02u\"}",
		 days[day], from / 60, from % 60, to / 60, to % 60) == 0);
}

static void
hours_write_holiday(int32_t day, struct buf *out)
{
	const time_t at = (time_t)day * 60 * MINUTES_OF_DAY;
	struct tm tm;

	must(gmtime_r(&at, &tm) != NULL);
	must(buf_printf(
		 out, "\"%04d-%02d-%02d\"", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) == 0);
}

void
hours_write(const struct hours *h, struct buf *out)
{
	must(buf_printf(out, "{\"timezone\":\"%s\",\"weekly\":[", h->timezone) == 0);
	for (size_t i = 0; i < h->n; i++) {
		must(buf_append_str(out, i == 0 ? "" : ",") == 0);
		hours_write_interval(&h->weekly[i], out);
	}
	must(buf_append_str(out, "],\"holidays\":[") == 0);
	for (size_t i = 0; i < h->n_holidays; i++) {
		must(buf_append_str(out, i == 0 ? "" : ",") == 0);
		hours_write_holiday(h->holidays[i], out);
	}
	must(buf_append_str(out, "]}") == 0);
}
