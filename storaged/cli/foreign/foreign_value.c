#include "storaged/cli/foreign/foreign_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"

/* Numbers above these are ms, and µs. */
#define MS_FROM 1e11
#define US_FROM 1e14
/* The last ms of the year 9999. */
#define TIME_MAX_MS 253402300799999.0

#define NAME_MAX_BYTES 64

/* The next of names with a space between. */
static bool
foreign_value_next_name(const char **names, char name[NAME_MAX_BYTES])
{
	size_t len = strcspn(*names, " ");

	if (len == 0)
		return false;
	must(len < NAME_MAX_BYTES);
	memcpy(name, *names, len);
	name[len] = '\0';
	*names += len;
	*names += **names == ' ';
	return true;
}

json_t *
foreign_value_get(const json_t *object, const char *names)
{
	char name[NAME_MAX_BYTES];

	while (foreign_value_next_name(&names, name)) {
		json_t *value = json_object_get(object, name);

		if (value != NULL && !json_is_null(value))
			return value;
	}
	return NULL;
}

struct slice
foreign_value_text(const json_t *object, const char *names, char number[FOREIGN_NUMBER])
{
	char name[NAME_MAX_BYTES];

	while (foreign_value_next_name(&names, name)) {
		const json_t *value = json_object_get(object, name);

		if (json_is_string(value) && json_string_length(value) > 0)
			return (struct slice){(const uint8_t *)json_string_value(value),
			    json_string_length(value)};
		if (json_is_integer(value)) {
			(void)snprintf(number, FOREIGN_NUMBER, "%" JSON_INTEGER_FORMAT,
			    json_integer_value(value));
			return slice_str(number);
		}
		if (json_is_real(value)) {
			(void)snprintf(number, FOREIGN_NUMBER, "%.15g", json_real_value(value));
			return slice_str(number);
		}
	}
	return (struct slice){0};
}

bool
foreign_value_is_one_of(struct slice text, const char *words)
{
	char word[NAME_MAX_BYTES];

	while (text.len > 0 && foreign_value_next_name(&words, word))
		if (strlen(word) == text.len &&
		    strncasecmp(word, (const char *)text.p, text.len) == 0)
			return true;
	return false;
}

bool
foreign_value_is_true(const json_t *object, const char *names)
{
	const json_t *value = foreign_value_get(object, names);
	char number[FOREIGN_NUMBER];

	return json_is_true(value) ||
	    foreign_value_is_one_of(foreign_value_text(object, names, number), "true t yes 1");
}

/* A number of seconds, ms or µs since 1970 as ms; 0: it is out of range. */
static uint64_t
foreign_value_since_1970(double n)
{
	if (!isfinite(n) || n <= 0)
		return 0;
	if (n >= US_FROM)
		n /= 1000;
	else if (n < MS_FROM)
		n *= 1000;
	return n <= TIME_MAX_MS ? (uint64_t)(n + 0.5) : 0;
}

/* Up to `most` digits at *at; -1: there is none. */
static int
foreign_value_digits(const char **at, int most)
{
	int n = 0, taken = 0;

	for (; taken < most && **at >= '0' && **at <= '9'; taken++, (*at)++)
		n = n * 10 + (**at - '0');
	return taken == 0 ? -1 : n;
}

/* "+02:00", "-0530", "Z", " UTC" at *at: seconds east of UTC. False: something else. */
static bool
foreign_value_zone(const char **at, int *seconds)
{
	int sign, h, m = 0;

	while (**at == ' ')
		(*at)++;
	*seconds = 0;
	if (strcasecmp(*at, "") == 0 || strcasecmp(*at, "Z") == 0 ||
	    strcasecmp(*at, "UTC") == 0 || strcasecmp(*at, "GMT") == 0)
		return true;
	if (**at != '+' && **at != '-')
		return false;
	sign = *(*at)++ == '-' ? -1 : 1;
	h = foreign_value_digits(at, 2);
	*at += **at == ':';
	if (**at >= '0' && **at <= '9')
		m = foreign_value_digits(at, 2);
	/* The name of the zone may follow. */
	if (h < 0 || h > 15 || m < 0 || m > 59 || (**at != '\0' && **at != ' '))
		return false;
	*seconds = sign * (h * 3600 + m * 60);
	return true;
}

/* ms of the fraction behind a second. */
static int
foreign_value_fraction(const char **at)
{
	int ms = 0, place = 100;

	if (**at != '.' && **at != ',')
		return 0;
	for ((*at)++; **at >= '0' && **at <= '9'; (*at)++, place /= 10)
		ms += (**at - '0') * place;
	return ms;
}

static uint64_t
foreign_value_iso(const char *text)
{
	struct tm tm = {0};
	int year, month, day, hour = 0, minute = 0, second = 0, ms = 0, zone;
	time_t t;

	year = foreign_value_digits(&text, 4);
	if (*text != '-' && *text != '/')
		return 0;
	text++;
	month = foreign_value_digits(&text, 2);
	if (*text != '-' && *text != '/')
		return 0;
	text++;
	day = foreign_value_digits(&text, 2);
	if (*text == 'T' || *text == 't' ||
	    (*text == ' ' && text[1] >= '0' && text[1] <= '9')) {
		text++;
		hour = foreign_value_digits(&text, 2);
		if (*text++ != ':')
			return 0;
		minute = foreign_value_digits(&text, 2);
		if (*text == ':') {
			text++;
			second = foreign_value_digits(&text, 2);
			ms = foreign_value_fraction(&text);
		}
	}
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 ||
	    hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
	    !foreign_value_zone(&text, &zone))
		return 0;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = second;
	t = timegm(&tm) - zone;
	return t <= 0 ? 0 : (uint64_t)t * 1000 + (uint64_t)ms;
}

/* A time with the name of the month, as in mail and for people. */
static uint64_t
foreign_value_named(const char *text)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S",
	    "%d %b %Y %H:%M", "%b %d, %Y, %I:%M:%S %p", "%b %d, %Y, %I:%M %p",
	    "%b %d, %Y %I:%M %p", "%b %d, %Y at %I:%M %p", "%b %d, %Y %H:%M:%S",
	    "%b %d, %Y %H:%M", "%b %d, %Y", "%d %b %Y"};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i], &tm);
		time_t t;
		int zone;

		if (end == NULL || !foreign_value_zone(&end, &zone))
			continue;
		t = timegm(&tm) - zone;
		return t <= 0 ? 0 : (uint64_t)t * 1000;
	}
	return 0;
}

uint64_t
foreign_value_time(const json_t *object, const char *names, bool *unreadable)
{
	const json_t *value = foreign_value_get(object, names);
	char text[FOREIGN_NUMBER * 2];
	struct slice s;
	uint64_t at = 0;

	if (value == NULL)
		return 0;
	if (json_is_number(value))
		at = foreign_value_since_1970(json_number_value(value));
	if (json_is_string(value) && json_string_length(value) > 0) {
		s = (struct slice){
		    (const uint8_t *)json_string_value(value), json_string_length(value)};
		if (slice_copy_text(s, text, sizeof(text)))
			at = text[strspn(text, "0123456789.")] == '\0'
			    ? foreign_value_since_1970(strtod(text, NULL))
			    : foreign_value_iso(text);
		if (at == 0 && s.len < sizeof(text))
			at = foreign_value_named(text);
	}
	*unreadable |= at == 0;
	return at;
}

struct id
foreign_value_id(const struct id *org, const char *from, const char *kind, struct slice id)
{
	struct buf text;
	struct hash256 hash;
	struct id out;

	buf_init(&text, id.len + 256);
	must(buf_append(&text, org->b, sizeof(org->b)) == 0);
	must(buf_printf(&text, "%s %s ", from, kind) == 0);
	must(buf_append(&text, id.p, id.len) == 0);
	hash = secret_hash(buf_slice(&text));
	buf_clear(&text);
	memcpy(out.b, hash.b, sizeof(out.b));
	/* A version 7 with a time long ago: lists by age have imported records at their end. */
	out.b[0] = out.b[1] = 0;
	out.b[6] = (uint8_t)((out.b[6] & 0x0f) | 0x70);
	out.b[8] = (uint8_t)((out.b[8] & 0x3f) | 0x80);
	return out;
}
