/*
 * A scanner for one form of JSON (RFC 8259), level by level: event, choice, delta. It stops at the
 * first thing that it does not know.
 */
#include "workerd/model/openai/openai_fast.h"

#include <endian.h>
#include <string.h>

#include "proto/base/hex.h"
#include "proto/base/utf8.h"

#define MEMBERS_MAX 24 /* per object; OpenAI's events have 9 */
#define DIGITS_MAX  18 /* always fits 64 bits */

/* A 1 in each of eight bytes. */
#define EACH_BYTE UINT64_C(0x0101010101010101)

/* Called about thirty times per event, so the compiler must know the size. */
#define IS(s, literal) openai_fast_is_text(s, literal, sizeof(literal) - 1)

struct openai_fast_scanner {
	const uint8_t *p, *end;
	struct buf *unescaped;
};

struct openai_fast_value {
	bool is_string;
	bool has_escapes;
	struct slice text; /* not unescaped; a string without its quotes */
};

/* Parses the value of the member with this name. */
typedef bool member_fn(struct openai_fast_scanner *s, struct slice name, struct openai_fast *u);

static inline bool
openai_fast_is_text(struct slice s, const char *p, size_t len)
{
	return s.len == len && memcmp(s.p, p, len) == 0;
}

static void
openai_fast_skip_space(struct openai_fast_scanner *s)
{
	while (
	    s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

/* Consumes c and the white space before it. */
static inline bool
openai_fast_take(struct openai_fast_scanner *s, uint8_t c)
{
	if (s->p < s->end && *s->p <= ' ')
		openai_fast_skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* A bit in each of eight bytes that is a quote, a backslash or a control character; right up to the first of
 * them. */
static inline uint64_t
openai_fast_special(uint64_t eight)
{
	uint64_t quotes = (eight ^ EACH_BYTE * '"') - EACH_BYTE;
	uint64_t backslashes = (eight ^ EACH_BYTE * '\\') - EACH_BYTE;
	uint64_t controls = eight - EACH_BYTE * ' ';

	return (quotes | backslashes | controls) & ~eight & EACH_BYTE << 7;
}

/* The first quote, backslash or control character. */
static const uint8_t *
openai_fast_find_special(const uint8_t *p, const uint8_t *end)
{
	uint64_t eight, found;

	for (; end - p >= (ptrdiff_t)sizeof(eight); p += sizeof(eight)) {
		memcpy(&eight, p, sizeof(eight));
		found = openai_fast_special(le64toh(eight));
		if (found != 0)
			return p + __builtin_ctzll(found) / 8;
	}
	while (p < end && *p != '"' && *p != '\\' && *p >= ' ')
		p++;
	return p;
}

/* The rest of a string after its opening quote. Escapes are not checked yet. */
static bool
openai_fast_take_string(struct openai_fast_scanner *s, struct openai_fast_value *v)
{
	const uint8_t *p = openai_fast_find_special(s->p, s->end);

	*v = (struct openai_fast_value){.is_string = true};
	while (s->end - p >= 2 && *p == '\\') {
		v->has_escapes = true;
		p = openai_fast_find_special(p + 2, s->end);
	}
	if (p == s->end || *p != '"')
		return false;
	v->text = (struct slice){s->p, (size_t)(p - s->p)};
	s->p = p + 1;
	return true;
}

static bool
openai_fast_is_whole_number(struct slice s)
{
	size_t digits = 0;

	if (s.len > 0 && *s.p == '-')
		s = (struct slice){s.p + 1, s.len - 1};
	while (digits < s.len && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	return digits > 0 && digits == s.len && digits <= DIGITS_MAX &&
	    (digits == 1 || *s.p != '0');
}

/* A literal or number, without the delimiter after it. */
static bool
openai_fast_take_word(struct openai_fast_scanner *s, struct openai_fast_value *v)
{
	const uint8_t *start = s->p;

	while (s->p < s->end &&
	    (*s->p == '-' || (*s->p >= '0' && *s->p <= '9') || (*s->p >= 'a' && *s->p <= 'z')))
		s->p++;
	*v = (struct openai_fast_value){.text = {start, (size_t)(s->p - start)}};
	return IS(v->text, "null") || IS(v->text, "true") || IS(v->text, "false") ||
	    openai_fast_is_whole_number(v->text);
}

static bool
openai_fast_take_value(struct openai_fast_scanner *s, struct openai_fast_value *v)
{
	if (openai_fast_take(s, '"'))
		return openai_fast_take_string(s, v);
	return openai_fast_take_word(s, v);
}

static bool
openai_fast_is_null(const struct openai_fast_value *v)
{
	return !v->is_string && IS(v->text, "null");
}

static bool
openai_fast_is_known(const struct slice *names, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].len == name.len && memcmp(names[i].p, name.p, name.len) == 0)
			return true;
	return false;
}

/* Parses an object; false if a member's name is repeated. */
static bool
openai_fast_take_object(struct openai_fast_scanner *s, member_fn *fn, struct openai_fast *u)
{
	struct slice names[MEMBERS_MAX];
	struct openai_fast_value name;
	size_t n = 0;

	if (!openai_fast_take(s, '{'))
		return false;
	if (openai_fast_take(s, '}'))
		return true;
	do {
		if (n == MEMBERS_MAX || !openai_fast_take(s, '"') ||
		    !openai_fast_take_string(s, &name) || name.has_escapes ||
		    openai_fast_is_known(names, n, name.text) || !openai_fast_take(s, ':') ||
		    !fn(s, name.text, u))
			return false;
		names[n++] = name.text;
	} while (openai_fast_take(s, ','));
	return openai_fast_take(s, '}');
}

/* Appends the character of the four digits at p; surrogates are left to jansson. */
static bool
openai_fast_add_character(struct buf *out, const uint8_t *p)
{
	int32_t c = hex_value4(p);
	uint8_t utf8[4];

	if (c == -1 || (c >= 0xd800 && c <= 0xdfff))
		return false;
	return buf_append(out, utf8, utf8_encode((uint32_t)c, utf8)) == 0;
}

/* Appends the escape at the front of s, which has at least two bytes. Returns its length, or 0
 * if it is left to jansson. */
static size_t
openai_fast_add_escape(struct buf *out, struct slice s)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *at = memchr(names, s.p[1], strlen(names));

	if (at != NULL)
		return buf_append(out, &bytes[at - names], 1) == 0 ? 2 : 0;
	return s.p[1] == 'u' && s.len >= 6 && openai_fast_add_character(out, s.p + 2) ? 6 : 0;
}

static bool
openai_fast_unescape(struct buf *out, struct slice s)
{
	while (s.len > 0) {
		const uint8_t *escape = memchr(s.p, '\\', s.len);
		size_t n = escape == NULL ? s.len : (size_t)(escape - s.p);

		if (buf_append(out, s.p, n) == -1)
			return false;
		s = (struct slice){s.p + n, s.len - n};
		if (s.len == 0)
			break;
		n = openai_fast_add_escape(out, s);
		if (n == 0)
			return false;
		s = (struct slice){s.p + n, s.len - n};
	}
	return true;
}

static bool
openai_fast_take_content(struct openai_fast_scanner *s, struct openai_fast *u)
{
	struct openai_fast_value v;

	if (!openai_fast_take_value(s, &v))
		return false;
	if (!v.is_string)
		return true;
	u->content = v.text;
	if (!v.has_escapes)
		return true;
	if (!openai_fast_unescape(s->unescaped, v.text))
		return false;
	u->content = buf_slice(s->unescaped);
	return true;
}

static bool
openai_fast_take_delta_member(
    struct openai_fast_scanner *s, struct slice name, struct openai_fast *u)
{
	struct openai_fast_value v;

	if (IS(name, "content"))
		return openai_fast_take_content(s, u);
	if (!openai_fast_take_value(s, &v))
		return false;
	if (IS(name, "refusal"))
		return !v.is_string || v.text.len == 0;
	if (v.is_string && v.text.len > 0 &&
	    (IS(name, "reasoning_content") || IS(name, "reasoning") || IS(name, "thinking")))
		u->thinks = true;
	return !v.has_escapes;
}

static bool
openai_fast_take_choice_member(
    struct openai_fast_scanner *s, struct slice name, struct openai_fast *u)
{
	struct openai_fast_value v;

	if (IS(name, "delta"))
		return openai_fast_take_object(s, openai_fast_take_delta_member, u);
	if (!openai_fast_take_value(s, &v) || v.has_escapes)
		return false;
	if (IS(name, "index"))
		return !v.is_string && IS(v.text, "0");
	if (IS(name, "error"))
		return openai_fast_is_null(&v);
	if (IS(name, "finish_reason") && v.is_string)
		u->finish_reason = v.text;
	/* A choice without a delta may have its text here. */
	return !IS(name, "text") || !v.is_string;
}

static bool
openai_fast_take_choices(struct openai_fast_scanner *s, struct openai_fast *u)
{
	u->choices = true;
	return openai_fast_take(s, '[') &&
	    openai_fast_take_object(s, openai_fast_take_choice_member, u) &&
	    openai_fast_take(s, ']');
}

/* The place of an item in the output, of one digit. */
static bool
openai_fast_take_place(struct openai_fast_scanner *s, struct openai_fast *u)
{
	struct openai_fast_value v;

	if (!openai_fast_take_value(s, &v) || v.is_string || v.text.len != 1)
		return false;
	u->item = (uint32_t)(*v.text.p - '0');
	return true;
}

static bool
openai_fast_take_event_member(
    struct openai_fast_scanner *s, struct slice name, struct openai_fast *u)
{
	struct openai_fast_value v;

	if (IS(name, "choices"))
		return openai_fast_take_choices(s, u);
	if (IS(name, "delta")) {
		u->flat = true;
		return openai_fast_take_content(s, u);
	}
	if (IS(name, "output_index"))
		return openai_fast_take_place(s, u);
	if (IS(name, "logprobs") && openai_fast_take(s, '['))
		return openai_fast_take(s, ']');
	if (!openai_fast_take_value(s, &v) || v.has_escapes)
		return false;
	if (IS(name, "error"))
		return openai_fast_is_null(&v);
	/* An error without its usual member (openai_error.h). */
	if (IS(name, "detail") || IS(name, "message") || IS(name, "error_msg"))
		return !v.is_string;
	if (IS(name, "done"))
		return !IS(v.text, "true");
	if (IS(name, "type"))
		return u->typed = v.is_string && IS(v.text, "response.output_text.delta");
	return !IS(name, "object") || !IS(v.text, "error");
}

bool
openai_fast_read(struct slice data, struct buf *unescaped, struct openai_fast *u)
{
	struct openai_fast_scanner s = {data.p, data.p + data.len, unescaped};

	*u = (struct openai_fast){.content = {0}};
	return utf8_valid(data) &&
	    openai_fast_take_object(&s, openai_fast_take_event_member, u) && s.p == s.end &&
	    u->flat == u->typed && !(u->flat && u->choices) && (u->flat || u->item == 0);
}
