#include <string.h>
#include <time.h>

#include "workerd/crawl/rules/sitemap.h"

/* Takes n digits from the front; -1: they are not there. */
static int
sitemap_digits(struct slice *text, size_t n)
{
	int number = 0;

	if (text->len < n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (text->p[i] < '0' || text->p[i] > '9')
			return -1;
		number = number * 10 + (text->p[i] - '0');
	}
	*text = (struct slice){text->p + n, text->len - n};
	return number;
}

/* Takes a separator and n digits; `none` if the separator is not there, -1 if the digits are invalid. */
static int
sitemap_part(struct slice *text, uint8_t separator, size_t n, int none)
{
	if (text->len == 0 || text->p[0] != separator)
		return none;
	*text = (struct slice){text->p + 1, text->len - 1};
	return sitemap_digits(text, n);
}

/* Seconds east of UTC. */
static long
sitemap_zone(struct slice text)
{
	int hours, minutes;
	long sign;

	if (text.len == 0 || (text.p[0] != '+' && text.p[0] != '-'))
		return 0;
	sign = text.p[0] == '-' ? -1 : 1;
	text = (struct slice){text.p + 1, text.len - 1};
	hours = sitemap_digits(&text, 2);
	if (text.len > 0 && text.p[0] == ':')
		text = (struct slice){text.p + 1, text.len - 1};
	minutes = text.len == 0 ? 0 : sitemap_digits(&text, 2);
	return hours < 0 || minutes < 0 ? 0 : sign * (hours * 3600L + minutes * 60L);
}

/* In ms since 1970; 0: before it. */
static uint64_t
sitemap_time(struct tm *tm, struct slice zone)
{
	time_t at = timegm(tm) - sitemap_zone(zone);

	return at <= 0 ? 0 : (uint64_t)at * 1000;
}

/* As in feeds (RFC 822, section 5): "Mon, 06 Sep 2021 00:01:00 +0200". Other names of zones count as UTC. */
static uint64_t
sitemap_mail_date(struct slice text)
{
	const uint8_t *comma = text.len == 0 ? NULL : memchr(text.p, ',', text.len);
	char line[64];
	struct tm tm = {0};
	const char *rest;

	if (comma != NULL)
		text = (struct slice){comma + 1, text.len - (size_t)(comma + 1 - text.p)};
	if (!slice_copy_text(text, line, sizeof(line)))
		return 0;
	rest = strptime(line, " %d %b %Y %H:%M", &tm);
	if (rest != NULL && *rest == ':')
		rest = strptime(rest, ":%S", &tm);
	if (rest == NULL || tm.tm_year < 70)
		return 0;
	return sitemap_time(&tm, slice_str(rest + strspn(rest, " ")));
}

uint64_t
sitemap_date(struct slice text)
{
	const struct slice whole = text;
	struct tm tm = {0};
	int year = sitemap_digits(&text, 4), month = sitemap_part(&text, '-', 2, 1),
	    day = sitemap_part(&text, '-', 2, 1), hour = sitemap_part(&text, 'T', 2, 0),
	    minute = sitemap_part(&text, ':', 2, 0), second = sitemap_part(&text, ':', 2, 0);

	if (year == -1)
		return sitemap_mail_date(whole);
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return 0;
	while (text.len > 0 && (text.p[0] == '.' || (text.p[0] >= '0' && text.p[0] <= '9')))
		text = (struct slice){text.p + 1, text.len - 1};
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = second;
	return sitemap_time(&tm, text);
}
