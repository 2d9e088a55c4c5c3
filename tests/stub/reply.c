#include "tests/stub/reply.h"

#include <string.h>

#include "tests/stub/demo.h"
#include "tests/stub/pace.h"

#define TOKENS_DEFAULT 40 /* if the script sets no number */
#define PIECE_MAX      24 /* bytes of a token that is cut from a text */

static const char *const unicode_tokens[] = {
    "na\u00efve ",
    "\u65e5\u672c\u8a9e ",
    "\U0001F600 ",
    "\U0001F469\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466 ",
    "e\u0301n\u0303o\u0308 ",
    "\U0001F1E9\U0001F1EA ",
    "\u05e9\u05dc\u05d5\u05dd ",
    "\U0001D4B3\U00020BB7 ",
    "\"quoted\\\" ",
    "tab\tline\n",
    "\u2028\u2029 ",
    "</script>&amp; ",
    "\ufeff\u200b ",
    "\x01\x7f ",
    "\U0010FFFF ",
};

#define UNICODE_TOKENS ((uint32_t)(sizeof(unicode_tokens) / sizeof(unicode_tokens[0])))

static bool
reply_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool
reply_is_letter(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x80 || u == '\'' || u == '_' || (u >= '0' && u <= '9') ||
	    (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z');
}

/* Length of the next token of s, cut like models do: a word with the space before it, or one
 * punctuation character. Whole characters; at least one byte if s is not empty. */
static size_t
reply_piece_len(struct span s)
{
	size_t i = 0, letters;

	while (i < s.len && i < PIECE_MAX && reply_is_space(s.p[i]))
		i++;
	letters = i;
	while (i < s.len && i < PIECE_MAX && reply_is_letter(s.p[i]))
		i++;
	/* A single punctuation character, or a character longer than PIECE_MAX allows, is taken
	 * whole. */
	if (i == letters && i < s.len && i < PIECE_MAX)
		i++;
	while (i < s.len && ((unsigned char)s.p[i] & 0xc0) == 0x80)
		i++;
	return i;
}

static bool
reply_is_raw(const struct reply *r)
{
	return r->kind == REPLY_RAW || r->kind == REPLY_WIRE;
}

/* Length of the next piece of a raw text in characters, including the | after it. Appends its bytes
 * to out unless that is NULL. */
static size_t
reply_raw_piece(struct span s, struct bytes *out)
{
	size_t i = 0;
	char byte;

	while (i < s.len && s.p[i] != '|') {
		i += script_raw_byte(span_from(s, i), &byte);
		if (out != NULL)
			bytes_add(out, &byte, 1);
	}
	return i < s.len ? i + 1 : i;
}

static uint32_t
reply_count_raw_pieces(struct span s)
{
	uint32_t n = 0;

	for (; s.len > 0; s = span_from(s, reply_raw_piece(s, NULL)))
		n++;
	return n;
}

static uint32_t
reply_count_pieces(struct span s)
{
	uint32_t n = 0;

	for (; s.len > 0; s = span_from(s, reply_piece_len(s)))
		n++;
	return n;
}

void
reply_init(struct reply *r, const struct script *s, struct span bare)
{
	bool sized = s->tokens != SCRIPT_UNSET;

	*r = (struct reply){.kind = s->reply, .huge = s->huge};
	r->total = sized ? s->tokens : TOKENS_DEFAULT;
	if (r->huge != SCRIPT_UNSET) {
		r->kind = REPLY_NUMBERED;
		r->total = sized ? s->tokens : 1;
		return;
	}
	if (r->kind == REPLY_AUTO && sized)
		r->kind = REPLY_NUMBERED;
	if (r->kind == REPLY_AUTO) {
		r->kind = REPLY_TEXT;
		demo_reply(bare, &r->text);
	} else if (r->kind == REPLY_TEXT || reply_is_raw(r)) {
		bytes_add_str(&r->text, s->text);
	} else if (r->kind == REPLY_ECHO) {
		r->kind = REPLY_TEXT;
		bytes_add_span(&r->text, bare);
	}
	if (r->kind == REPLY_TEXT)
		r->total = reply_count_pieces(bytes_span(&r->text));
	else if (reply_is_raw(r))
		r->total = reply_count_raw_pieces(bytes_span(&r->text));
	else if (r->kind == REPLY_EMPTY)
		r->total = 0;
}

void
reply_clear(struct reply *r)
{
	bytes_clear(&r->text);
}

bool
reply_limit(struct reply *r, uint32_t max)
{
	if (r->total <= max)
		return false;
	r->total = max;
	return true;
}

uint64_t
reply_size(const struct reply *r)
{
	uint64_t each = r->huge != SCRIPT_UNSET ? r->huge : 64;

	return r->kind == REPLY_TEXT || reply_is_raw(r) ? r->text.len : each * r->total;
}

static void
reply_huge_token(struct bytes *out, uint32_t size)
{
	char *p = bytes_reserve(out, size);

	for (uint32_t i = 0; i < size; i++)
		p[i] = (char)('a' + i % 26);
	out->len += size;
}

static void
reply_text_token(struct reply *r, struct bytes *out)
{
	struct span rest = span_from(bytes_span(&r->text), r->at);

	rest.len = reply_piece_len(rest);
	r->at += rest.len;
	bytes_add_json(out, rest);
}

static void
reply_unicode_token(uint32_t index, struct bytes *out)
{
	struct span token = span_str(unicode_tokens[index % UNICODE_TOKENS]);

	if (index % 2 == 0)
		bytes_add_json(out, token);
	else
		bytes_add_json_ascii(out, token);
}

void
reply_token(struct reply *r, struct bytes *out)
{
	uint32_t index = r->next++;

	if (r->huge != SCRIPT_UNSET) {
		reply_huge_token(out, r->huge);
	} else if (r->kind == REPLY_TEXT) {
		reply_text_token(r, out);
	} else if (reply_is_raw(r)) {
		r->at += reply_raw_piece(span_from(bytes_span(&r->text), r->at), out);
	} else if (r->kind == REPLY_UNICODE) {
		reply_unicode_token(index, out);
	} else if (r->kind == REPLY_STAMP) {
		bytes_add_uint(out, index);
		bytes_add(out, ":", 1);
		bytes_add_uint(out, pace_now());
		bytes_add(out, " ", 1);
	} else {
		bytes_add(out, "t", 1);
		bytes_add_uint(out, index);
		bytes_add(out, " ", 1);
	}
}
