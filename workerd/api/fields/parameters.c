/*
 * Query strings, parameter by parameter.
 */
#include "workerd/api/fields/parameters.h"

#include <string.h>

#include "workerd/http/message/percent.h"

#define DIGITS_MAX 9 /* they fit into 32 bits */

/* Takes the first parameter off the query. */
static struct slice
parameter_take_member(struct slice *query)
{
	const uint8_t *end = memchr(query->p, '&', query->len);
	size_t n = end == NULL ? query->len : (size_t)(end - query->p);
	struct slice member = {query->p, n};

	n += end != NULL;
	*query = (struct slice){query->p + n, query->len - n};
	return member;
}

/* The encoded value; p is NULL without one. *times: how often it was given. */
static struct slice
parameter_find(struct slice query, const char *name, unsigned *times)
{
	struct slice found = {0};
	size_t n = strlen(name);

	*times = 0;
	while (query.len > 0) {
		struct slice member = parameter_take_member(&query);

		if (member.len <= n || member.p[n] != '=' || memcmp(member.p, name, n) != 0)
			continue;
		found = (struct slice){member.p + n + 1, member.len - n - 1};
		++*times;
	}
	return found;
}

struct slice
parameter_read_long(struct slice query, const char *name, uint8_t *text, size_t max)
{
	unsigned times;
	struct slice raw = parameter_find(query, name, &times);
	size_t len;

	if (times == 0)
		return (struct slice){0};
	if (times > 1 || !percent_decode(raw, text, max, &len))
		len = 0;
	return (struct slice){text, len};
}

struct slice
parameter_read(struct slice query, const char *name, uint8_t text[PARAMETER_MAX])
{
	return parameter_read_long(query, name, text, PARAMETER_MAX);
}

/* Decodes the parts between plus signs. Returns the bytes of text; 0: the value is invalid. */
static size_t
parameter_decode_form(struct slice raw, uint8_t *text, size_t max)
{
	size_t n = 0, len;

	for (;;) {
		const uint8_t *plus = memchr(raw.p, '+', raw.len);
		size_t part = plus == NULL ? raw.len : (size_t)(plus - raw.p);

		if (!percent_decode((struct slice){raw.p, part}, text + n, max - n, &len))
			return 0;
		n += len;
		if (plus == NULL)
			return n;
		if (n == max)
			return 0;
		text[n++] = ' ';
		raw = (struct slice){plus + 1, raw.len - part - 1};
	}
}

struct slice
parameter_read_form(struct slice query, const char *name, uint8_t *text, size_t max)
{
	unsigned times;
	struct slice raw = parameter_find(query, name, &times);

	if (times == 0)
		return (struct slice){0};
	return (struct slice){text, times > 1 ? 0 : parameter_decode_form(raw, text, max)};
}

bool
parameter_digits(struct slice value, size_t most, uint64_t *number)
{
	uint64_t n = 0;

	if (value.len == 0 || value.len > most)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(value.p[i] - '0');
	}
	*number = n;
	return true;
}

bool
parameter_number(struct slice value, uint32_t max, uint32_t *number)
{
	uint64_t n;

	if (!parameter_digits(value, DIGITS_MAX, &n))
		return false;
	*number = (uint32_t)n;
	return n <= max;
}

bool
parameter_is(struct slice query, const char *name, const char *value)
{
	uint8_t text[PARAMETER_MAX];

	return slice_eq_str(parameter_read(query, name, text), value);
}
