/*
 * The two parameters, and base64url.
 */
#include "workerd/api/fields/paging.h"

#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/parameters.h"

/* Characters that encode so many bytes: 6 bits each. */
#define TEXT_LEN(bytes) (((bytes)*8 + 5) / 6)

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The 6 bits from this bit on; bits beyond the end are zero. */
static unsigned
paging_six_bits(struct slice bytes, size_t bit)
{
	unsigned two = (unsigned)bytes.p[bit / 8] << 8;

	if (bit / 8 + 1 < bytes.len)
		two |= bytes.p[bit / 8 + 1];
	return two >> (10 - bit % 8) & 0x3f;
}

/* -1 for text that no encoder writes: wrong length, invalid character, a bit set beyond the end. */
static int
paging_decode(struct slice text, uint8_t *out, size_t len)
{
	uint32_t bits = 0;
	unsigned n = 0; /* of bits, not written yet */

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

static const char *
paging_read_limit(struct slice query, const struct paging_rule *rule, struct paging *p)
{
	uint8_t text[PARAMETER_MAX];
	struct slice limit = parameter_read(query, "limit", text);

	p->has_limit = limit.p != NULL;
	p->limit = rule->limit_default;
	if (limit.p != NULL &&
	    (!parameter_number(limit, rule->limit_max, &p->limit) || p->limit == 0))
		return rule->wrong_limit;
	return NULL;
}

static const char *
paging_read_cursor(struct slice query, const struct paging_rule *rule, struct paging *p)
{
	uint8_t text[PARAMETER_MAX];
	struct slice cursor = parameter_read(query, "cursor", text);

	p->has_cursor = cursor.p != NULL;
	if (cursor.p != NULL && paging_decode(cursor, p->cursor, rule->cursor_len) == -1)
		return "cursor must be the nextCursor of the previous page";
	return NULL;
}

bool
paging_read_other(
    struct slice query, const char *name, size_t cursor_len, uint8_t *out, bool *given)
{
	uint8_t text[PARAMETER_MAX];
	struct slice cursor = parameter_read(query, name, text);

	*given = cursor.p != NULL;
	return cursor.p == NULL || paging_decode(cursor, out, cursor_len) == 0;
}

const char *
paging_read(struct slice query, const struct paging_rule *rule, struct paging *p)
{
	const char *wrong;

	must(rule->cursor_len <= CURSOR_MAX);
	*p = (struct paging){0};
	wrong = paging_read_limit(query, rule, p);
	return wrong != NULL ? wrong : paging_read_cursor(query, rule, p);
}

void
paging_write_next(struct json_writer *j, struct slice cursor)
{
	paging_write(j, "nextCursor", cursor);
}

void
paging_write(struct json_writer *j, const char *key, struct slice cursor)
{
	char text[TEXT_LEN(CURSOR_MAX) + 1];
	size_t n = TEXT_LEN(cursor.len);

	must(cursor.len <= CURSOR_MAX);
	if (cursor.len == 0) {
		json_write_null(j, key);
		return;
	}
	for (size_t i = 0; i < n; i++)
		text[i] = alphabet[paging_six_bits(cursor, 6 * i)];
	json_write_str(j, key, (struct slice){(const uint8_t *)text, n});
}

const struct paging_rule paging_by_id = {
    .limit_default = 100,
    .limit_max = 200,
    .cursor_len = sizeof(struct id),
    .wrong_limit = "limit must be a whole number from 1 to 200",
};

struct id
paging_id(const struct paging *p)
{
	struct id id;

	memcpy(id.b, p->cursor, sizeof(id.b));
	return id;
}

void
paging_write_next_id(struct json_writer *j, const struct id *next)
{
	paging_write_next(j, (struct slice){next->b, id_is_zero(next) ? 0 : sizeof(next->b)});
}

void
paging_write_next_seq(struct json_writer *j, uint64_t seq)
{
	paging_write_seq(j, "nextCursor", seq);
}

/* Big-endian. */
void
paging_write_seq(struct json_writer *j, const char *key, uint64_t seq)
{
	uint8_t be[PAGING_SEQ_LEN];

	for (size_t i = 0; i < sizeof(be); i++)
		be[i] = (uint8_t)(seq >> (56 - 8 * i));
	paging_write(j, key, (struct slice){be, seq == 0 ? 0 : sizeof(be)});
}

uint64_t
paging_seq(const struct paging *p)
{
	return paging_seq_of(p->cursor);
}

uint64_t
paging_seq_of(const uint8_t cursor[PAGING_SEQ_LEN])
{
	uint64_t seq = 0;

	for (size_t i = 0; i < PAGING_SEQ_LEN; i++)
		seq = seq << 8 | cursor[i];
	return seq;
}
