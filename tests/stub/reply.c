#include "tests/stub/reply.h"

#include <ctype.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/stub/demo.h"

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

static bool
reply_is_letter(uint8_t c)
{
	return c >= 0x80 || isalnum(c) || c == '\'' || c == '_';
}

/* Length of the next token of s, cut like models do: a word with the space before it, or one
 * punctuation character. Whole characters; at least one byte if s is not empty. */
static size_t
reply_piece_len(struct slice s)
{
	size_t max = s.len < PIECE_MAX ? s.len : PIECE_MAX, i = 0, letters;

	while (i < max && memchr(" \n\t\r", s.p[i], 4) != NULL)
		i++;
	letters = i;
	while (i < max && reply_is_letter(s.p[i]))
		i++;
	/* A single punctuation character, or a character longer than PIECE_MAX allows, is taken
	 * whole. */
	if (i == letters && i < max)
		i++;
	while (i < s.len && (s.p[i] & 0xc0) == 0x80)
		i++;
	return i;
}

/* Takes the next piece of a raw text, with the | after it, and appends its bytes to out. */
static void
reply_raw_piece(const char **raw, struct buf *out)
{
	char byte;

	while (**raw != '\0' && **raw != '|') {
		*raw += script_raw_byte(*raw, &byte);
		put(out, &byte, 1);
	}
	*raw += **raw == '|';
}

static uint32_t
reply_count_raw(const char *raw)
{
	struct buf unused = put_start();
	uint32_t n = 0;

	for (; *raw != '\0'; n++)
		reply_raw_piece(&raw, &unused);
	buf_clear(&unused);
	return n;
}

static uint32_t
reply_count_text(struct slice s)
{
	uint32_t n = 0;

	for (; s.len > 0; n++) {
		size_t len = reply_piece_len(s);

		s = (struct slice){s.p + len, s.len - len};
	}
	return n;
}

void
reply_init(struct reply *r, const struct script *s, struct slice bare)
{
	bool sized = s->tokens != SCRIPT_UNSET;

	*r = (struct reply){.kind = s->reply, .huge = s->huge, .text = put_start()};
	r->total = sized ? s->tokens : TOKENS_DEFAULT;
	if (r->huge != SCRIPT_UNSET) {
		r->kind = REPLY_NUMBERED;
		r->total = sized ? s->tokens : 1;
	} else if (r->kind == REPLY_AUTO && sized) {
		r->kind = REPLY_NUMBERED;
	} else if (r->kind == REPLY_AUTO) {
		r->kind = REPLY_TEXT;
		demo_reply(bare, &r->text);
	} else if (r->kind == REPLY_TEXT) {
		put_str(&r->text, s->text);
	} else if (r->kind == REPLY_ECHO) {
		r->kind = REPLY_TEXT;
		put_slice(&r->text, bare);
	} else if (r->kind == REPLY_RAW || r->kind == REPLY_WIRE) {
		r->raw = s->text;
		r->total = reply_count_raw(r->raw);
	} else if (r->kind == REPLY_EMPTY) {
		r->total = 0;
	}
	if (r->kind == REPLY_TEXT)
		r->total = reply_count_text(buf_slice(&r->text));
}

void
reply_clear(struct reply *r)
{
	buf_clear(&r->text);
}

bool
reply_limit(struct reply *r, uint32_t max)
{
	if (r->total <= max)
		return false;
	r->total = max;
	return true;
}

static void
reply_huge_token(struct buf *out, uint32_t size)
{
	uint8_t *p = put_reserve(out, size);

	for (uint32_t i = 0; i < size; i++)
		p[i] = (uint8_t)('a' + i % 26);
	buf_commit(out, size);
}

static void
reply_text_token(struct reply *r, struct buf *out)
{
	struct slice piece = buf_slice(&r->text);

	piece.len = reply_piece_len(piece);
	put_json(out, piece, false);
	buf_consume(&r->text, piece.len);
}

/* The decimal digits of a number; returns their end. */
static char *
reply_digits(char *at, uint64_t n)
{
	size_t digits = 1;

	for (uint64_t rest = n; (rest /= 10) != 0;)
		digits++;
	for (char *digit = at + digits; digit > at; n /= 10)
		*--digit = (char)('0' + n % 10);
	return at + digits;
}

/* Without printf, which is slow. */
static void
reply_number_token(uint32_t index, bool stamped, struct buf *out)
{
	char token[48], *at = token;

	if (stamped) {
		at = reply_digits(at, index);
		*at++ = ':';
		at = reply_digits(at, clock_mono_ns());
	} else {
		*at++ = 't';
		at = reply_digits(at, index);
	}
	*at++ = ' ';
	put(out, token, (size_t)(at - token));
}

void
reply_token(struct reply *r, struct buf *out)
{
	uint32_t index = r->next++;

	if (r->huge != SCRIPT_UNSET) {
		reply_huge_token(out, r->huge);
	} else if (r->kind == REPLY_TEXT) {
		reply_text_token(r, out);
	} else if (r->raw != NULL) {
		reply_raw_piece(&r->raw, out);
	} else if (r->kind == REPLY_UNICODE) {
		put_json(out, slice_str(unicode_tokens[index % ARRAY_LEN(unicode_tokens)]),
		    index % 2 == 1);
	} else {
		reply_number_token(index, r->kind == REPLY_STAMP, out);
	}
}
