/*
 * Formatting and parsing.
 */
#include "storaged/cli/base/units.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

struct units_text
units_bytes(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double n = (double)bytes / 1024;
	struct units_text w;
	size_t unit = 0;

	if (bytes < 1024) {
		(void)snprintf(w.text, sizeof(w.text), "%" PRIu64 " B", bytes);
		return w;
	}
	for (; n >= 1023.95 && unit + 1 < ARRAY_LEN(units); unit++)
		n /= 1024;
	(void)snprintf(w.text, sizeof(w.text), "%.1f %s", n, units[unit]);
	return w;
}

/* strftime() writes the offset without its colon. */
static void
units_put_colon(char *text)
{
	size_t len = strlen(text);

	if (len < 2)
		return;
	memmove(text + len - 1, text + len - 2, 3);
	text[len - 2] = ':';
}

struct units_text
units_time(uint64_t ms)
{
	time_t seconds = (time_t)(ms / SECOND);
	struct units_text w = {""};
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL)
		return w;
	(void)strftime(w.text, sizeof(w.text) - 1, "%Y-%m-%dT%H:%M:%S%z", &tm);
	units_put_colon(w.text);
	return w;
}

struct units_text
units_duration(uint64_t ms)
{
	static const struct {
		uint64_t ms;
		const char *name;
	} units[] = {{DAY, "d"}, {HOUR, "h"}, {MINUTE, "min"}, {SECOND, "s"}, {1, "ms"}};
	struct units_text w;
	size_t i = 0;

	/* In the unit of which there are at least two. */
	while (i + 1 < ARRAY_LEN(units) && ms < 2 * units[i].ms)
		i++;
	(void)snprintf(
	    w.text, sizeof(w.text), "%" PRIu64 " %s", ms / units[i].ms, units[i].name);
	return w;
}

struct units_text
units_ago(uint64_t then, uint64_t now)
{
	struct units_text w = {"just now"}, span;

	if (now < then + 2 * SECOND)
		return w;
	span = units_duration(now - then);
	(void)snprintf(w.text, sizeof(w.text), "%.32s ago", span.text);
	return w;
}

struct units_text
units_count(uint64_t n, const char *one, const char *many)
{
	struct units_text w;

	(void)snprintf(w.text, sizeof(w.text), "%" PRIu64 " %s", n, n == 1 ? one : many);
	return w;
}

/* timegm() turns February 31 into March 3; detect that. */
static bool
units_is_real(struct tm tm, time_t *seconds)
{
	struct tm back = tm;

	*seconds = timegm(&back);
	return *seconds >= 0 && back.tm_year == tm.tm_year && back.tm_mon == tm.tm_mon &&
	    back.tm_mday == tm.tm_mday && back.tm_hour == tm.tm_hour &&
	    back.tm_min == tm.tm_min && back.tm_sec == tm.tm_sec;
}

bool
units_parse_time(const char *text, uint64_t *ms)
{
	static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"};
	const char *wrong;
	time_t seconds;

	*ms = (uint64_t)strtonum(text, 0, INT64_C(1) << 53, &wrong);
	if (wrong == NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = {0};
		const char *rest = strptime(text, forms[i], &tm);

		if (rest == NULL || !(*rest == '\0' || (i > 0 && strcmp(rest, "Z") == 0)))
			continue;
		if (!units_is_real(tm, &seconds))
			return false;
		*ms = (uint64_t)seconds * SECOND;
		return true;
	}
	return false;
}
