/*
 * IMF-fixdate (RFC 9110, section 5.6.7), in English whatever the locale.
 */
#include "workerd/http/date.h"

#include <stdio.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

const char *
date_line(struct date *d)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	if (now == d->second)
		return d->line;
	d->second = now;
	must(gmtime_r(&now, &tm) != NULL);
	(void)snprintf(d->line, sizeof(d->line),
	    "Date: %.3s, %02u %.3s %04u %02u:%02u:%02u GMT\r\n", days + 3 * tm.tm_wday,
	    (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon,
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	return d->line;
}
