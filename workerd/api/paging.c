/*
 * Paging: the query string, and base64url.
 */
#include "workerd/api/paging.h"

#include <string.h>

#include "proto/basics.h"

/* Characters that so many bytes take: each holds 6 bits. */
#define TEXT_LEN(bytes) (((bytes)*8 + 5) / 6)

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* -- base64url ---------------------------------------------------------------------------- */

/* The 6 bits that begin at this bit; those beyond the end are zero. */
static unsigned
six_bits(struct slice bytes, size_t bit)
{
	unsigned two = (unsigned)bytes.p[bit / 8] << 8;

	if (bit / 8 + 1 < bytes.len)
		two |= bytes.p[bit / 8 + 1];
	return two >> (10 - bit % 8) & 0x3f;
}

/* -1 for what no encoder has written: another length, another character, a bit set beyond the
 * end. */
static int
decode(struct slice text, uint8_t *out, size_t len)
{
	uint32_t bits = 0;
	unsigned n = 0; /* how many of them are not written yet */

	if (text.len != TEXT_LEN(len))
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.p[i] == '\0' ? NULL : strchr(alphabet, text.p[i]);

		if (at == NULL)
			return -1;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		n += 6;
		if (n >= 8) {
			n -= 8;
			*out++ = (uint8_t)(bits >> n);
			bits &= (1u << n) - 1;
		}
	}
	return bits == 0 ? 0 : -1;
}

/* -- the query string --------------------------------------------------------------------- */

/* The value of a parameter, as it stands there; p is NULL without one. */
static struct slice
parameter(struct slice query, const char *name)
{
	size_t n = slice_str(name).len;

	while (query.len > 0) {
		size_t len = 0;

		while (len < query.len && query.p[len] != '&')
			len++;
		if (len > n && query.p[n] == '=' &&
		    slice_eq_str((struct slice){query.p, n}, name))
			return (struct slice){query.p + n + 1, len - n - 1};
		len += len < query.len;
		query.p += len;
		query.len -= len;
	}
	return (struct slice){0};
}

/* A number from 1 to max; 0 for anything else. */
static uint32_t
small_number(struct slice text, uint32_t max)
{
	uint32_t n = 0;

	if (text.len == 0 || text.len > 4)
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		n = n * 10 + (uint32_t)(text.p[i] - '0');
	}
	return n <= max ? n : 0;
}

const char *
paging_read(struct slice query, const struct paging_rule *rule, struct paging *p)
{
	struct slice limit = parameter(query, "limit"), cursor = parameter(query, "cursor");

	must(rule->cursor_len <= CURSOR_MAX);
	*p = (struct paging){
	    .has_limit = limit.p != NULL,
	    .has_cursor = cursor.p != NULL,
	    .limit = rule->limit_default,
	};
	if (limit.p != NULL)
		p->limit = small_number(limit, rule->limit_max);
	if (p->limit == 0)
		return rule->wrong_limit;
	if (cursor.p != NULL && decode(cursor, p->cursor, rule->cursor_len) == -1)
		return "cursor must be the nextCursor of the page before";
	return NULL;
}

void
paging_write_next(struct json_text *j, struct slice cursor)
{
	char text[TEXT_LEN(CURSOR_MAX) + 1];
	size_t n = TEXT_LEN(cursor.len);

	must(cursor.len <= CURSOR_MAX);
	if (cursor.len == 0) {
		json_null(j, "nextCursor");
		return;
	}
	for (size_t i = 0; i < n; i++)
		text[i] = alphabet[six_bits(cursor, 6 * i)];
	json_str(j, "nextCursor", (struct slice){(const uint8_t *)text, n});
}
