/*
 * Zones and working hours of workerd for the comparison with another implementation (tests/e2e/zones.test.mjs). Reads
 * requests from standard input, one a line, and answers each with a line:
 *
 *	zone NAME           "yes", or "no": there is no such zone; the next requests are about it
 *	at SECONDS          the offset, and the first second behind it (or "-")
 *	local SECONDS       the first and the last moment with this local time
 *	hours JSON          "yes", or "no": they are invalid; the next requests are about them
 *	state MS            1 or 0: whether it is open; and when that changes
 *	between MS MS       the open time between them
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/hours/hours.h"

#define LINE_LEN 16384

static struct zone *zone;
static struct hours hours;

static void
peer_show_span(int64_t t)
{
	const struct zone_span span = zone_at(zone, t);

	if (span.until == INT64_MAX)
		printf("%" PRId32 " -\n", span.offset);
	else
		printf("%" PRId32 " %" PRId64 "\n", span.offset, span.until);
}

static void
peer_answer(const char *line)
{
	struct zone_moments moments;
	struct hours_state state;
	uint64_t from, to;
	int64_t t;

	if (strncmp(line, "zone ", 5) == 0) {
		zone_free(zone);
		zone = zone_load(slice_str(line + 5));
		puts(zone != NULL ? "yes" : "no");
	} else if (sscanf(line, "at %" SCNd64, &t) == 1) {
		peer_show_span(t);
	} else if (sscanf(line, "local %" SCNd64, &t) == 1) {
		moments = zone_moments(zone, t);
		printf("%" PRId64 " %" PRId64 "\n", moments.first, moments.last);
	} else if (strncmp(line, "hours ", 6) == 0) {
		hours_clear(&hours);
		puts(hours_load(slice_str(line + 6), &hours) ? "yes" : "no");
	} else if (sscanf(line, "state %" SCNu64, &from) == 1) {
		state = hours_at(&hours, from);
		printf("%d %" PRIu64 "\n", state.open, state.until);
	} else if (sscanf(line, "between %" SCNu64 " %" SCNu64, &from, &to) == 2) {
		printf("%" PRIu64 "\n", hours_between(&hours, from, to));
	} else {
		never("an unknown request");
	}
}

int
main(void)
{
	static char line[LINE_LEN];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		peer_answer(line);
		must(fflush(stdout) == 0);
	}
	zone_free(zone);
	hours_clear(&hours);
	return 0;
}
