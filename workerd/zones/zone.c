/*
 * Only files of version 2 and later are read, by their second part with times of 64 bits (RFC 9636, section 3): those
 * of version 1 end in 2038, and no tz database of this century has them. Files with leap seconds ("right/") count other
 * seconds than POSIX does, and are refused.
 */
#include "workerd/zones/zone.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "workerd/zones/zone_rule.h"

#define ZONES_FOLDER "/usr/share/zoneinfo/"

/* The longest file of the tz database has some 3.5 KiB. */
#define FILE_MAX 65536

#define HEADER_LEN 44
#define TYPE_LEN   6

/* The offset of a time is within these (RFC 9636, section 3.2). */
#define OFFSET_MIN (-25 * 3600 + 1)
#define OFFSET_MAX (26 * 3600 - 1)

/* More than any offset. */
#define REACH (27 * 3600)

struct zone {
	int32_t before; /* the offset before the first change */
	size_t n;
	struct zone_change *changes;
	bool has_rule; /* for times from the last change on */
	struct zone_rule rule;
};

/* The numbers of a header, in its order. */
struct zone_counts {
	uint32_t isut, isstd, leap, times, types, chars;
};

static bool
zone_take(struct slice *in, size_t n, struct slice *taken)
{
	if (n > in->len)
		return false;
	*taken = (struct slice){in->p, n};
	in->p += n;
	in->len -= n;
	return true;
}

static uint32_t
zone_read_u32(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return be32toh(n);
}

static int64_t
zone_read_i64(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return (int64_t)be64toh(n);
}

static bool
zone_take_header(struct slice *in, struct zone_counts *counts)
{
	struct slice header;
	uint32_t n[6];

	if (!zone_take(in, HEADER_LEN, &header) || memcmp(header.p, "TZif", 4) != 0 ||
	    header.p[4] < '2')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		n[i] = zone_read_u32(header.p + 20 + 4 * i);
	*counts = (struct zone_counts){n[0], n[1], n[2], n[3], n[4], n[5]};
	/* With these bounds, no sum of lengths below can overflow. */
	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		if (n[i] > FILE_MAX)
			return false;
	return true;
}

/* Skips the part of version 1, whose times have 32 bits. */
static bool
zone_skip_old(struct slice *in)
{
	struct zone_counts n;
	struct slice skipped;

	return zone_take_header(in, &n) &&
	    zone_take(in,
		(size_t)n.times * 5 + (size_t)n.types * TYPE_LEN + n.chars +
		    (size_t)n.leap * 8 + n.isstd + n.isut,
		&skipped);
}

/* The offset of a type; false: there is no such type, or it is invalid. */
static bool
zone_read_offset(struct slice types, size_t type, int32_t *offset)
{
	if (type >= types.len / TYPE_LEN)
		return false;
	*offset = (int32_t)zone_read_u32(types.p + type * TYPE_LEN);
	return *offset >= OFFSET_MIN && *offset <= OFFSET_MAX;
}

static bool
zone_read_changes(struct zone *z, struct slice times, struct slice indexes, struct slice types)
{
	z->n = indexes.len;
	z->changes = xcalloc(z->n + 1, sizeof(z->changes[0]));
	for (size_t i = 0; i < z->n; i++) {
		struct zone_change *change = &z->changes[i];

		change->at = zone_read_i64(times.p + 8 * i);
		if (!zone_read_offset(types, indexes.p[i], &change->offset) ||
		    (i > 0 && change->at <= change[-1].at))
			return false;
	}
	return zone_read_offset(types, 0, &z->before);
}

/* The rule is between two newlines; it may be empty. */
static bool
zone_read_rule(struct zone *z, struct slice footer)
{
	const size_t n = footer.len;

	if (n < 2 || footer.p[0] != '\n' || footer.p[n - 1] != '\n')
		return false;
	z->has_rule = n > 2;
	return !z->has_rule || zone_rule_parse((struct slice){footer.p + 1, n - 2}, &z->rule);
}

static bool
zone_read(struct zone *z, struct slice file)
{
	struct zone_counts n;
	struct slice times, indexes, types, skipped;

	return zone_skip_old(&file) && zone_take_header(&file, &n) && n.leap == 0 &&
	    zone_take(&file, (size_t)n.times * 8, &times) &&
	    zone_take(&file, n.times, &indexes) &&
	    zone_take(&file, (size_t)n.types * TYPE_LEN, &types) &&
	    zone_take(&file, (size_t)n.chars + n.isstd + n.isut, &skipped) &&
	    zone_read_changes(z, times, indexes, types) && zone_read_rule(z, file);
}

struct zone *
zone_parse(struct slice file)
{
	struct zone *z = xcalloc(1, sizeof(*z));

	if (file.len <= FILE_MAX && zone_read(z, file))
		return z;
	zone_free(z);
	return NULL;
}

void
zone_free(struct zone *zone)
{
	if (zone == NULL)
		return;
	free(zone->changes);
	free(zone);
}

/* Names lead to no other folder. "posix" and "right" hold copies, and files in lower case, such as "posixrules", are no
 * zones. */
static bool
zone_name_is_valid(struct slice name)
{
	bool starts = true; /* a part of the name */

	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i], letter = c | 0x20;
		bool is_letter = letter >= 'a' && letter <= 'z';

		if (starts && (!is_letter || (i == 0 && c == letter)))
			return false;
		if (!is_letter && c != '/' && c != '_' && c != '-' && c != '+' &&
		    (c < '0' || c > '9'))
			return false;
		starts = c == '/';
	}
	return !starts && name.len <= ZONE_NAME_MAX;
}

struct zone *
zone_load(struct slice name)
{
	char path[sizeof(ZONES_FOLDER) + ZONE_NAME_MAX];
	struct zone *zone = NULL;
	struct buf file;
	uint8_t *at;
	ssize_t n = 1;
	int fd;

	if (!zone_name_is_valid(name))
		return NULL;
	(void)snprintf(
	    path, sizeof(path), "%s%.*s", ZONES_FOLDER, (int)name.len, (const char *)name.p);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	buf_init(&file, FILE_MAX);
	while (n > 0 && buf_room(&file) > 0) {
		size_t room = buf_room(&file) < 4096 ? buf_room(&file) : 4096;

		at = buf_reserve(&file, room);
		must(at != NULL);
		n = read(fd, at, room);
		if (n > 0)
			buf_commit(&file, (size_t)n);
	}
	/* A folder cannot be read (EISDIR). */
	if (n == 0)
		zone = zone_parse(buf_slice(&file));
	buf_clear(&file);
	closefd(&fd);
	return zone;
}

/* The span of t by changes in their order, and the offset before them. */
static struct zone_span
zone_span_in(const struct zone_change *changes, size_t n, int32_t before, int64_t t)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (changes[middle].at <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct zone_span){
	    .from = low == 0 ? INT64_MIN : changes[low - 1].at,
	    .until = low == n ? INT64_MAX : changes[low].at,
	    .offset = low == 0 ? before : changes[low - 1].offset,
	};
}

static int
zone_year(int64_t t)
{
	const time_t at = t;
	struct tm tm;

	must(gmtime_r(&at, &tm) != NULL);
	return tm.tm_year + 1900;
}

/* The span of t by the rule: the years around it have the changes that limit it. */
static struct zone_span
zone_span_by_rule(const struct zone_rule *rule, int64_t t)
{
	enum { YEARS = 4 };
	const struct zone_span always = {INT64_MIN, INT64_MAX, rule->standard};
	struct zone_change changes[2 * YEARS];
	const int year = zone_year(t);

	if (!rule->has_summer)
		return always;
	for (int i = 0; i < YEARS; i++)
		zone_rule_changes(rule, year - 2 + i, &changes[2 * (size_t)i]);
	/* A change that is due before the one of the year before, as of times that are weeks away from their day,
	 * takes its place behind it. */
	for (size_t i = 1; i < ARRAY_LEN(changes); i++)
		if (changes[i].at < changes[i - 1].at)
			changes[i].at = changes[i - 1].at;
	return zone_span_in(changes, ARRAY_LEN(changes), rule->standard, t);
}

struct zone_span
zone_at(const struct zone *zone, int64_t t)
{
	const size_t n = zone->n;
	struct zone_span span;

	must(t >= ZONE_TIME_MIN - REACH && t <= ZONE_TIME_MAX + REACH);
	span = zone_span_in(zone->changes, n, zone->before, t);
	if (span.until != INT64_MAX || !zone->has_rule)
		return span;
	span = zone_span_by_rule(&zone->rule, t);
	if (n > 0 && span.from < zone->changes[n - 1].at)
		span.from = zone->changes[n - 1].at;
	return span;
}

struct zone_moments
zone_moments(const struct zone *zone, int64_t local)
{
	struct zone_moments found = {INT64_MAX, INT64_MIN};
	struct zone_span span, next;

	must(local >= ZONE_TIME_MIN && local <= ZONE_TIME_MAX);
	for (span = zone_at(zone, local - REACH); span.from <= local + REACH; span = next) {
		const int64_t at = local - span.offset;

		if (at >= span.from && at < span.until) {
			found.first = at < found.first ? at : found.first;
			found.last = at;
		}
		if (span.until > local + REACH)
			break;
		next = zone_at(zone, span.until);
		/* Clocks skip the time here, unless another change repeats it. */
		if (found.last == INT64_MIN && span.until + span.offset <= local &&
		    local < span.until + next.offset)
			found.first = span.until;
	}
	if (found.last == INT64_MIN)
		found.last = found.first;
	must(found.first != INT64_MAX);
	return found;
}
