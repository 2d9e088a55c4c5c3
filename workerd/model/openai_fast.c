/*
 * A scanner for one shape of JSON (RFC 8259), level by level: event, choice, delta. It gives up at
 * the first thing out of the usual, which costs nothing but the time until there.
 */
#include "workerd/model/openai_fast.h"

#include <string.h>

#include "proto/base/hex.h"
#include "proto/base/utf8.h"

#define MEMBERS_MAX 24 /* of one object; OpenAI's events have 9 */
#define DIGITS_MAX  18 /* so many always fit 64 bits */

/* Whether a slice is this literal; some thirty times an event, so the compiler is to know its size. */
#define IS(s, literal) is_text(s, literal, sizeof(literal) - 1)

struct scan {
	const uint8_t *p, *end;
	struct buf *unescaped;
};

struct value {
	bool is_string;
	bool has_escapes;
	struct slice text; /* as it stands there; a string's without its quotes */
};

/* Takes one member's value, whose name is known. */
typedef bool member_fn(struct scan *s, struct slice name, struct openai_fast *u);

static inline bool
is_text(struct slice s, const char *p, size_t len)
{
	return s.len == len && memcmp(s.p, p, len) == 0;
}

/* -- tokens -------------------------------------------------------------------------------- */

/* The sign c, with the white space before it. */
static bool
take(struct scan *s, uint8_t c)
{
	while (
	    s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* The rest of a string after its first quote. Which escapes it has is not looked at yet. */
static bool
take_string(struct scan *s, struct value *v)
{
	const uint8_t *start = s->p;

	*v = (struct value){.is_string = true};
	for (; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p < ' ')
			return false;
		if (*s->p != '\\')
			continue;
		v->has_escapes = true;
		s->p++;
		if (s->p == s->end)
			return false;
	}
	if (s->p == s->end)
		return false;
	v->text = (struct slice){start, (size_t)(s->p - start)};
	s->p++;
	return true;
}

static bool
is_whole_number(struct slice s)
{
	size_t digits = 0;

	if (s.len > 0 && *s.p == '-')
		s = (struct slice){s.p + 1, s.len - 1};
	while (digits < s.len && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	return digits > 0 && digits == s.len && digits <= DIGITS_MAX &&
	    (digits == 1 || *s.p != '0');
}

/* A word or number, up to what may follow one. */
static bool
take_word(struct scan *s, struct value *v)
{
	const uint8_t *start = s->p;

	while (s->p < s->end &&
	    (*s->p == '-' || (*s->p >= '0' && *s->p <= '9') || (*s->p >= 'a' && *s->p <= 'z')))
		s->p++;
	*v = (struct value){.text = {start, (size_t)(s->p - start)}};
	return IS(v->text, "null") || IS(v->text, "true") || IS(v->text, "false") ||
	    is_whole_number(v->text);
}

static bool
take_value(struct scan *s, struct value *v)
{
	if (take(s, '"'))
		return take_string(s, v);
	return take_word(s, v);
}

/* A string or word that is of no interest. */
static bool
skip_value(struct scan *s)
{
	struct value v;

	return take_value(s, &v) && !v.has_escapes;
}

static bool
is_null(const struct value *v)
{
	return !v->is_string && IS(v->text, "null");
}

static bool
is_known(const struct slice *names, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].len == name.len && memcmp(names[i].p, name.p, name.len) == 0)
			return true;
	return false;
}

/* An object whose members fn takes, none of them twice. */
static bool
take_object(struct scan *s, member_fn *fn, struct openai_fast *u)
{
	struct slice names[MEMBERS_MAX];
	struct value name;
	size_t n = 0;

	if (!take(s, '{'))
		return false;
	if (take(s, '}'))
		return true;
	do {
		if (n == MEMBERS_MAX || !take(s, '"') || !take_string(s, &name) ||
		    name.has_escapes || is_known(names, n, name.text) || !take(s, ':') ||
		    !fn(s, name.text, u))
			return false;
		names[n++] = name.text;
	} while (take(s, ','));
	return take(s, '}');
}

/* -- escapes ------------------------------------------------------------------------------- */

/* The character of the four digits at p; surrogates are not usual. */
static bool
add_character(struct buf *out, const uint8_t *p)
{
	int32_t c = hex_value4(p);
	uint8_t utf8[4];

	if (c == -1 || (c >= 0xd800 && c <= 0xdfff))
		return false;
	return buf_append(out, utf8, utf8_encode((uint32_t)c, utf8)) == 0;
}

/* One escape at the front of s, of at least two bytes; how long it was, 0 if it is not usual. */
static size_t
add_escape(struct buf *out, struct slice s)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *at = memchr(names, s.p[1], strlen(names));

	if (at != NULL)
		return buf_append(out, &bytes[at - names], 1) == 0 ? 2 : 0;
	return s.p[1] == 'u' && s.len >= 6 && add_character(out, s.p + 2) ? 6 : 0;
}

static bool
unescape(struct buf *out, struct slice s)
{
	while (s.len > 0) {
		const uint8_t *escape = memchr(s.p, '\\', s.len);
		size_t n = escape == NULL ? s.len : (size_t)(escape - s.p);

		if (buf_append(out, s.p, n) == -1)
			return false;
		s = (struct slice){s.p + n, s.len - n};
		if (s.len == 0)
			break;
		n = add_escape(out, s);
		if (n == 0)
			return false;
		s = (struct slice){s.p + n, s.len - n};
	}
	return true;
}

/* -- the three levels ---------------------------------------------------------------------- */

static bool
take_content(struct scan *s, struct openai_fast *u)
{
	struct value v;

	if (!take_value(s, &v))
		return false;
	if (!v.is_string)
		return true;
	u->content = v.text;
	if (!v.has_escapes)
		return true;
	if (!unescape(s->unescaped, v.text))
		return false;
	u->content = buf_slice(s->unescaped);
	return true;
}

static bool
take_delta_member(struct scan *s, struct slice name, struct openai_fast *u)
{
	struct value v;

	if (IS(name, "content"))
		return take_content(s, u);
	if (IS(name, "refusal"))
		return take_value(s, &v) && (!v.is_string || v.text.len == 0);
	return skip_value(s);
}

static bool
take_choice_member(struct scan *s, struct slice name, struct openai_fast *u)
{
	struct value v;

	if (IS(name, "delta"))
		return take_object(s, take_delta_member, u);
	if (!take_value(s, &v) || v.has_escapes)
		return false;
	if (IS(name, "index"))
		return !v.is_string && IS(v.text, "0");
	if (IS(name, "error"))
		return is_null(&v);
	if (IS(name, "finish_reason"))
		u->has_finish = v.is_string && v.text.len > 0;
	return true;
}

static bool
take_event_member(struct scan *s, struct slice name, struct openai_fast *u)
{
	struct value v;

	if (IS(name, "choices"))
		return take(s, '[') && take_object(s, take_choice_member, u) && take(s, ']');
	if (!take_value(s, &v) || v.has_escapes)
		return false;
	if (IS(name, "error"))
		return is_null(&v);
	return !IS(name, "object") || !IS(v.text, "error");
}

bool
openai_fast_read(struct slice data, struct buf *unescaped, struct openai_fast *u)
{
	struct scan s = {data.p, data.p + data.len, unescaped};

	*u = (struct openai_fast){.has_finish = false};
	return utf8_valid(data) && take_object(&s, take_event_member, u) && s.p == s.end;
}
