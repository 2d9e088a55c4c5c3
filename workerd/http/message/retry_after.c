/*
 * x-ratelimit-reset has a form for each vendor: "6m0s" (OpenAI, Groq), seconds with a fraction, or a time as
 * seconds or milliseconds since 1970 (OpenRouter). Anthropic writes the name of the limit in the middle
 * (anthropic-ratelimit-requests-reset), and the IETF's drafts have ratelimit-reset, then ratelimit with parameters.
 */
#include "workerd/http/message/retry_after.h"

#include <string.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/http/message/header_fields.h"

#define DIGITS_MAX 15 /* always fits 64 bits, also in milliseconds */

/* Numbers from here on are times since 1970, in seconds and in milliseconds. */
#define EPOCH_S  UINT64_C(1000000000)
#define EPOCH_MS UINT64_C(1000000000000)

static const struct {
	const char *unit;
	uint64_t ms;
} retry_after_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

static bool
retry_after_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Takes a number from the front of s: digits, and perhaps a fraction, of which three digits count. */
static bool
retry_after_take_number(struct slice *s, uint64_t *whole, uint64_t *thousandths)
{
	uint64_t unit = 100;
	size_t i = 0;

	*whole = *thousandths = 0;
	for (; i < s->len && retry_after_is_digit(s->p[i]); i++) {
		if (i == DIGITS_MAX)
			return false;
		*whole = *whole * 10 + (unsigned)(s->p[i] - '0');
	}
	if (i == 0)
		return false;
	if (i + 1 < s->len && s->p[i] == '.' && retry_after_is_digit(s->p[i + 1]))
		for (i++; i < s->len && retry_after_is_digit(s->p[i]); i++, unit /= 10)
			*thousandths += (unsigned)(s->p[i] - '0') * unit;
	*s = (struct slice){s->p + i, s->len - i};
	return true;
}

static uint64_t
retry_after_until(uint64_t when_ms)
{
	uint64_t now_ms = clock_wall_ms();

	return when_ms > now_ms ? when_ms - now_ms : 0;
}

/* A date of HTTP (RFC 9110, section 5.6.7), or of the internet in UTC (RFC 3339). */
static bool
retry_after_date(struct slice value, uint64_t *ms)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%dT%H:%M:%S"};
	char text[40];

	if (!slice_copy_text(value, text, sizeof(text)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = {0};
		time_t when;

		if (strptime(text, forms[i], &tm) == NULL)
			continue;
		when = timegm(&tm);
		*ms = when > 0 ? retry_after_until((uint64_t)when * 1000) : 0;
		return true;
	}
	return false;
}

/* A number alone. factor: the milliseconds of its unit. */
static bool
retry_after_number(struct slice value, uint64_t factor, uint64_t *ms)
{
	uint64_t whole, thousandths;

	if (!retry_after_take_number(&value, &whole, &thousandths) || value.len > 0)
		return false;
	*ms = whole * factor + thousandths * factor / 1000;
	return true;
}

/* Takes a unit from the front of s; 0: there is none. */
static uint64_t
retry_after_take_unit(struct slice *s)
{
	size_t n = 0;

	while (n < s->len && s->p[n] >= 'a' && s->p[n] <= 'z')
		n++;
	for (size_t i = 0; i < ARRAY_LEN(retry_after_units); i++) {
		if (!slice_eq_str((struct slice){s->p, n}, retry_after_units[i].unit))
			continue;
		*s = (struct slice){s->p + n, s->len - n};
		return retry_after_units[i].ms;
	}
	return 0;
}

/* Numbers with units, such as "1h2m3.5s". */
static bool
retry_after_duration(struct slice value, uint64_t *ms)
{
	uint64_t whole, thousandths, unit;

	*ms = 0;
	while (value.len > 0) {
		if (!retry_after_take_number(&value, &whole, &thousandths))
			return false;
		unit = retry_after_take_unit(&value);
		if (unit == 0 || whole > EPOCH_MS)
			return false;
		*ms += whole * unit + thousandths * unit / 1000;
	}
	return true;
}

static bool
retry_after_parse(struct slice value, uint64_t *ms)
{
	return retry_after_number(value, 1000, ms) || retry_after_date(value, ms) ||
	    (value.len > 0 && retry_after_duration(value, ms));
}

uint64_t
retry_after_ms(struct slice value)
{
	uint64_t ms;

	return retry_after_parse(value, &ms) ? ms : 0;
}

static uint64_t
retry_after_reset(struct slice value)
{
	uint64_t ms = 0;

	if (retry_after_number(value, 1000, &ms)) {
		if (ms / 1000 >= EPOCH_MS)
			return retry_after_until(ms / 1000);
		return ms / 1000 >= EPOCH_S ? retry_after_until(ms) : ms;
	}
	if (value.len > 0 && !retry_after_duration(value, &ms) && !retry_after_date(value, &ms))
		return 0;
	return ms;
}

/* Whether a name begins with this prefix in lower case; *rest is what follows. */
static bool
retry_after_has_prefix(struct slice name, const char *prefix, struct slice *rest)
{
	size_t n = strlen(prefix);

	if (name.len < n || !header_equals((struct slice){name.p, n}, prefix))
		return false;
	*rest = (struct slice){name.p + n, name.len - n};
	return true;
}

/* Whether the part of a field's name behind "ratelimit" has a word. */
static bool
retry_after_has_word(struct slice rest, const char *word)
{
	const size_t n = strlen(word);

	for (size_t i = 0; i + n <= rest.len; i++)
		if (header_equals((struct slice){rest.p + i, n}, word))
			return true;
	return false;
}

static size_t
retry_after_limit_of(struct slice rest)
{
	static const char *const limits[] = {"request", "token"};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (retry_after_has_word(rest, limits[i]))
			return i;
	return RETRY_AFTER_LIMITS - 1;
}

static void
retry_after_note_limit(struct retry_after *r, struct slice rest, struct slice value)
{
	const size_t limit = retry_after_limit_of(rest);
	uint64_t ms;

	if (retry_after_has_word(rest, "reset")) {
		ms = retry_after_reset(value);
		if (ms > r->limits[limit].ms)
			r->limits[limit].ms = ms;
	} else if (retry_after_has_word(rest, "remaining")) {
		if (value.len > 0 && *value.p != '0' && *value.p != '-')
			r->limits[limit].remains = true;
	}
}

/* The parameters of the field RateLimit: r=0;t=2, or remaining=0, reset=2. */
static void
retry_after_read_parameters(struct retry_after *r, struct slice value)
{
	size_t start = 0;

	for (size_t i = 0; i <= value.len; i++) {
		struct slice part, rest;

		if (i < value.len && memchr(";, ", value.p[i], 3) == NULL)
			continue;
		part = (struct slice){value.p + start, i - start};
		start = i + 1;
		if (retry_after_has_prefix(part, "t=", &rest) ||
		    retry_after_has_prefix(part, "reset=", &rest))
			retry_after_note_limit(r, slice_str("reset"), rest);
		else if (retry_after_has_prefix(part, "r=", &rest) ||
		    retry_after_has_prefix(part, "remaining=", &rest))
			retry_after_note_limit(r, slice_str("remaining"), rest);
	}
}

void
retry_after_read_field(struct retry_after *r, struct slice name, struct slice value)
{
	struct slice rest;
	uint64_t ms;

	if (header_equals(name, "retry-after-ms")) {
		if (!retry_after_number(value, 1, &ms))
			return;
		r->given = true;
		r->ms = ms;
	} else if (header_equals(name, "retry-after")) {
		/* Both fields mean the same time; the one in milliseconds is exact. */
		if (r->given || !retry_after_parse(value, &ms))
			return;
		r->given = true;
		r->ms = ms;
	} else if (header_equals(name, "ratelimit")) {
		retry_after_read_parameters(r, value);
	} else if (retry_after_has_prefix(name, "x-ratelimit-", &rest) ||
	    retry_after_has_prefix(name, "ratelimit-", &rest) ||
	    retry_after_has_prefix(name, "anthropic-ratelimit-", &rest)) {
		retry_after_note_limit(r, rest, value);
	}
}

/* Whether a word of the text begins here, as in "try again in 2.1s". */
static bool
retry_after_follows(struct slice text, size_t i, struct slice *rest)
{
	static const char *const words[] = {"again in ", "retry in ", "retry after ", "wait ",
	    "\"retrydelay\":\"", "\"retrydelay\": \""};
	const struct slice here = {text.p + i, text.len - i};

	for (size_t w = 0; w < ARRAY_LEN(words); w++)
		if (retry_after_has_prefix(here, words[w], rest))
			return true;
	return false;
}

/* A number with its unit: 2.1s, 1m30s, 2 seconds, 500ms. */
static uint64_t
retry_after_spoken(struct slice s)
{
	uint64_t whole, thousandths, unit, ms = 0;

	while (retry_after_take_number(&s, &whole, &thousandths) && whole < EPOCH_S) {
		struct slice word;

		while (s.len > 0 && *s.p == ' ')
			s = (struct slice){s.p + 1, s.len - 1};
		if (retry_after_has_prefix(s, "second", &word))
			unit = 1000;
		else if (retry_after_has_prefix(s, "minute", &word))
			unit = 60000;
		else
			unit = retry_after_take_unit(&s);
		ms += whole * unit + thousandths * unit / 1000;
	}
	return ms;
}

uint64_t
retry_after_text_ms(struct slice text)
{
	struct slice rest;
	uint64_t ms;

	for (size_t i = 0; i < text.len; i++)
		if (retry_after_follows(text, i, &rest) && (ms = retry_after_spoken(rest)) > 0)
			return ms;
	return 0;
}

/* The longest of the limits that are used up. */
uint64_t
retry_after_result(const struct retry_after *r, bool is_limited)
{
	uint64_t ms = 0;

	if (r->given || !is_limited)
		return r->ms;
	for (size_t i = 0; i < RETRY_AFTER_LIMITS; i++)
		if (!r->limits[i].remains && r->limits[i].ms > ms)
			ms = r->limits[i].ms;
	return ms;
}
