/*
 * A text that is not plain ASCII becomes encoded words of base64, each with whole characters, as RFC 2047 wants.
 */
#include "workerd/maild/mime.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* Characters of a line that has an encoded word, at most (RFC 2047, section 2); "=?UTF-8?B?" and "?=" are WORD_FRAME of them. */
#define WORD_LINE_MAX 76
#define WORD_FRAME    12

/* Bytes of text in an encoded word behind a space, at most. */
#define WORD_BYTES ((WORD_LINE_MAX - 1 - WORD_FRAME) / 4 * 3)

#define HEADER_LINE_MAX 998 /* RFC 5322, section 2.1.1 */

static bool
mime_is_safe(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return utf8_valid(text);
}

/* Printable ASCII that no reader takes for an encoded word. */
static bool
mime_is_plain(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < ' ' || text.p[i] > '~' ||
		    (text.p[i] == '=' && i + 1 < text.len && text.p[i + 1] == '?'))
			return false;
	return true;
}

/* Bytes of the next encoded word's text: whole characters. column: of the line so far. */
static size_t
mime_word_len(struct slice text, size_t column)
{
	const size_t room = (WORD_LINE_MAX - WORD_FRAME - column) / 4 * 3;
	size_t n = text.len < room ? text.len : room;

	while (n < text.len && n > 0 && (text.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Each word is on its own line, so that none is too long. name: of the header, which has begun. */
static int
mime_add_words(struct buf *out, const char *name, struct slice text)
{
	uint8_t base64[4 * ((WORD_BYTES + 2) / 3) + 1];

	for (bool first = true; text.len > 0; first = false) {
		size_t n = mime_word_len(text, first ? strlen(name) + 2 : 1);

		must(EVP_EncodeBlock(base64, text.p, (int)n) >= 0);
		if (buf_append_str(out, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") == -1 ||
		    buf_append_str(out, (const char *)base64) == -1 ||
		    buf_append_str(out, "?=") == -1)
			return -1;
		text = (struct slice){text.p + n, text.len - n};
	}
	return 0;
}

static int
mime_begin(struct buf *out, const char *name)
{
	return buf_append_str(out, name) == -1 || buf_append_str(out, ": ") == -1 ? -1 : 0;
}

static int
mime_end(struct buf *out)
{
	return buf_append_str(out, "\r\n");
}

int
mime_add_text(struct buf *out, const char *name, struct slice text)
{
	/* Leading and trailing spaces would get lost. */
	const bool plain = mime_is_plain(text) && text.len > 0 && text.p[0] != ' ' &&
	    text.p[text.len - 1] != ' ' && strlen(name) + 2 + text.len <= MIME_LINE_MAX;

	if (!mime_is_safe(text) || mime_begin(out, name) == -1)
		return -1;
	if ((plain ? buf_append(out, text.p, text.len) : mime_add_words(out, name, text)) == -1)
		return -1;
	return mime_end(out);
}

/* A quoted string (RFC 5322, section 3.2.4). */
static int
mime_add_quoted(struct buf *out, struct slice text)
{
	if (buf_append_str(out, "\"") == -1)
		return -1;
	for (size_t i = 0; i < text.len; i++)
		if (((text.p[i] == '"' || text.p[i] == '\\') &&
			buf_append_str(out, "\\") == -1) ||
		    buf_append(out, text.p + i, 1) == -1)
			return -1;
	return buf_append_str(out, "\"");
}

int
mime_add_address(struct buf *out, const char *name, struct slice owner, struct slice address)
{
	const bool plain = mime_is_plain(owner) && owner.len < MIME_LINE_MAX / 2;

	if (!mime_is_safe(owner) || !mime_is_safe(address) || mime_begin(out, name) == -1)
		return -1;
	if (owner.len > 0 &&
	    ((plain ? mime_add_quoted(out, owner) : mime_add_words(out, name, owner)) == -1 ||
		buf_append_str(out, "\r\n ") == -1))
		return -1;
	if (buf_append_str(out, "<") == -1 || buf_append(out, address.p, address.len) == -1 ||
	    buf_append_str(out, ">") == -1)
		return -1;
	return mime_end(out);
}

int
mime_add_plain(struct buf *out, const char *name, const char *value)
{
	const struct slice text = slice_str(value);

	if (!mime_is_plain(text) || strlen(name) + 2 + text.len > HEADER_LINE_MAX ||
	    mime_begin(out, name) == -1 || buf_append(out, text.p, text.len) == -1)
		return -1;
	return mime_end(out);
}

/* Whether the byte is written as it is. Spaces at the end of a line are not: servers remove them. */
static bool
mime_body_is_plain(struct slice text, size_t i)
{
	const uint8_t c = text.p[i];

	if (c == ' ' || c == '\t')
		return i + 1 < text.len && text.p[i + 1] != '\n' && text.p[i + 1] != '\r';
	return c > ' ' && c <= '~' && c != '=';
}

/* Adds one byte; *column: of the line so far. */
static int
mime_add_body_byte(struct buf *out, struct slice text, size_t i, size_t *column)
{
	const bool plain = mime_body_is_plain(text, i);
	const size_t n = plain ? 1 : 3;
	char escaped[4];

	/* A soft line break needs a character, too. */
	if (*column + n >= MIME_LINE_MAX) {
		if (buf_append_str(out, "=\r\n") == -1)
			return -1;
		*column = 0;
	}
	*column += n;
	if (plain)
		return buf_append(out, text.p + i, 1);
	snprintf(escaped, sizeof(escaped), "=%02X", text.p[i]);
	return buf_append_str(out, escaped);
}

int
mime_add_body(struct buf *out, struct slice text)
{
	size_t column = 0;

	if (!utf8_valid(text))
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '\r' && i + 1 < text.len && text.p[i + 1] == '\n')
			continue;
		if (text.p[i] != '\n') {
			if (mime_add_body_byte(out, text, i, &column) == -1)
				return -1;
			continue;
		}
		if (mime_end(out) == -1)
			return -1;
		column = 0;
	}
	return column == 0 ? 0 : mime_end(out);
}
