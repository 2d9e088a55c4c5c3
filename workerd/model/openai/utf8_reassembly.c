/*
 * Surrogates are handled here, because UTF-8 has no encoding for them (RFC 3629, section 3); the
 * text between them goes through utf8_repair().
 */
#include "workerd/model/openai/utf8_reassembly.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

enum { HIGH = 0xa0, LOW = 0xb0 }; /* the smallest second byte of each kind of surrogate */

/* Whether n bytes are a surrogate of this kind or its prefix: ED, one of 16 second bytes, a
 * continuation byte. */
static bool
utf8_reassembly_looks_like(const uint8_t *p, size_t n, uint8_t kind)
{
	return p[0] == 0xed && (n < 2 || (p[1] & 0xf0) == kind) &&
	    (n < 3 || (p[2] & 0xc0) == 0x80);
}

static bool
utf8_reassembly_is_surrogate(struct slice s, uint8_t kind)
{
	return s.len >= 3 && utf8_reassembly_looks_like(s.p, 3, kind);
}

/* Length of the end of s that is undecided: an incomplete character or surrogate, and a high
 * surrogate whose low one may follow. */
static size_t
utf8_reassembly_undecided(struct slice s)
{
	size_t tail = utf8_incomplete_tail(s);
	const uint8_t *at;

	if (tail == 0 && s.len >= 2 &&
	    (utf8_reassembly_looks_like(s.p + s.len - 2, 2, HIGH) ||
		utf8_reassembly_looks_like(s.p + s.len - 2, 2, LOW)))
		tail = 2;
	if (s.len < tail + 3)
		return tail;
	at = s.p + s.len - tail;
	if (utf8_reassembly_looks_like(at - 3, 3, HIGH) &&
	    (tail == 0 || utf8_reassembly_looks_like(at, tail, LOW)))
		tail += 3;
	return tail;
}

/* Offset of the first surrogate of s, or s.len. */
static size_t
utf8_reassembly_surrogate_at(struct slice s)
{
	const uint8_t *end = s.p + s.len, *p = s.p;

	while ((p = memchr(p, 0xed, (size_t)(end - p))) != NULL) {
		struct slice rest = {p, (size_t)(end - p)};

		if (utf8_reassembly_is_surrogate(rest, HIGH) ||
		    utf8_reassembly_is_surrogate(rest, LOW))
			return (size_t)(p - s.p);
		p++;
	}
	return s.len;
}

/* Appends the character of a surrogate pair, three bytes each (Unicode 15, 3.9, D91). */
static int
utf8_reassembly_add_pair(struct buf *out, const uint8_t *p)
{
	uint32_t high = (uint32_t)(p[1] & 0x0f) << 6 | (p[2] & 0x3f);
	uint32_t low = (uint32_t)(p[4] & 0x0f) << 6 | (p[5] & 0x3f);
	uint8_t utf8[4];

	return buf_append(out, utf8, utf8_encode(0x10000 + (high << 10 | low), utf8));
}

/* Appends text without an undecided end. */
static int
utf8_reassembly_add_decided(struct buf *out, struct slice s)
{
	while (s.len > 0) {
		size_t n = utf8_reassembly_surrogate_at(s);
		bool pair;

		if (utf8_repair(out, (struct slice){s.p, n}) == -1)
			return -1;
		s = (struct slice){s.p + n, s.len - n};
		if (s.len == 0)
			break;
		pair = utf8_reassembly_is_surrogate(s, HIGH) &&
		    utf8_reassembly_is_surrogate((struct slice){s.p + 3, s.len - 3}, LOW);
		if ((pair ? utf8_reassembly_add_pair(out, s.p)
			  : buf_append_str(out, REPLACEMENT)) == -1)
			return -1;
		n = pair ? 6 : 3;
		s = (struct slice){s.p + n, s.len - n};
	}
	return 0;
}

int
utf8_reassembly_add(struct utf8_reassembly *j, struct buf *out, struct slice piece)
{
	struct buf whole;
	struct slice text;
	size_t tail;
	int result = -1;

	buf_init(&whole, j->len + piece.len);
	if (buf_append(&whole, j->pending, j->len) == -1 ||
	    buf_append(&whole, piece.p, piece.len) == -1)
		goto out;
	text = buf_slice(&whole);
	tail = utf8_reassembly_undecided(text);
	must(tail <= sizeof(j->pending));
	text.len -= tail;
	if (utf8_reassembly_add_decided(out, text) == -1)
		goto out;
	memcpy(j->pending, text.p + text.len, tail);
	j->len = (uint8_t)tail;
	result = 0;
out:
	buf_clear(&whole);
	return result;
}

struct slice
utf8_reassembly_end(struct utf8_reassembly *j)
{
	bool waited = j->len > 0;

	j->len = 0;
	return slice_str(waited ? REPLACEMENT : "");
}
