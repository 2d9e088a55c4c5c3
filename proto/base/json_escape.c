/*
 * Runs of bytes that need no escape are found eight at a time and appended in one piece: a prompt
 * repeats a whole conversation.
 */
#include "proto/base/json_escape.h"

#include <string.h>

/* A 1 in each of eight bytes; and whether one of the eight bytes of x is zero. */
#define EACH_BYTE   UINT64_C(0x0101010101010101)
#define HAS_ZERO(x) ((((x)-EACH_BYTE) & ~(x) & (EACH_BYTE << 7)) != 0)

static const char *
json_escape_short(uint8_t c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

/* Number of input bytes at p that one escape replaces; 0 if p needs no escape. */
static size_t
json_escape_needed(const uint8_t *p, size_t len)
{
	if (*p < 0x20 || *p == '"' || *p == '\\' || *p == 0x7f)
		return 1;
	if (*p == 0xe2 && len >= 3 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
		return 3;
	return 0;
}

/* Number of leading bytes that surely need no escape, a multiple of eight. */
static size_t
json_escape_plain_run(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
		uint64_t x;

		memcpy(&x, p + i, sizeof(x));
		if (HAS_ZERO(x & EACH_BYTE * 0xe0) || HAS_ZERO(x ^ EACH_BYTE * '"') ||
		    HAS_ZERO(x ^ EACH_BYTE * '\\') || HAS_ZERO(x ^ EACH_BYTE * 0x7f) ||
		    HAS_ZERO(x ^ EACH_BYTE * 0xe2))
			break;
	}
	return i;
}

static int
json_escape_append(struct buf *out, const uint8_t *p, size_t len)
{
	const char *s = json_escape_short(*p);

	if (len == 3)
		return buf_append_str(out, p[2] == 0xa8 ? "\\u2028" : "\\u2029");
	if (s != NULL)
		return buf_append(out, s, 2);
	return buf_printf(out, "\\u%04x", *p);
}

int
json_escape(struct buf *out, struct slice text)
{
	size_t done = 0;

	for (size_t i = 0; i < text.len;) {
		size_t n;

		if (i % sizeof(uint64_t) == 0)
			i += json_escape_plain_run(text.p + i, text.len - i);
		if (i == text.len)
			break;
		n = json_escape_needed(text.p + i, text.len - i);
		if (n == 0) {
			i++;
			continue;
		}
		if (buf_append(out, text.p + done, i - done) == -1 ||
		    json_escape_append(out, text.p + i, n) == -1)
			return -1;
		i += n;
		done = i;
	}
	return text.len == done ? 0 : buf_append(out, text.p + done, text.len - done);
}
