#include "workerd/crawl/rules/sitemap_text.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/hex.h"
#include "proto/base/utf8.h"

struct slice
sitemap_text_trim(struct slice text)
{
	size_t before;

	do {
		before = text.len;
		while (text.len > 0 && text.p[0] <= ' ')
			text = (struct slice){text.p + 1, text.len - 1};
		while (text.len > 0 && text.p[text.len - 1] <= ' ')
			text.len--;
		text = utf8_trim(text);
	} while (text.len < before);
	return text;
}

/* The character that a reference such as "amp" or "#38" stands for; 0: none. */
static uint32_t
sitemap_text_character(struct slice name)
{
	static const struct {
		const char *name;
		uint32_t c;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	bool hex = name.len > 2 && (name.p[1] | 0x20) == 'x';
	const int base = hex ? 16 : 10;
	uint32_t c = 0;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (slice_eq_str(name, known[i].name))
			return known[i].c;
	if (name.len < 2 || name.p[0] != '#')
		return 0;
	for (size_t i = hex ? 2 : 1; i < name.len; i++) {
		int digit = hex_value(name.p[i]);

		if (digit == -1 || digit >= base || c > 0x10ffff)
			return 0;
		c = c * (uint32_t)base + (uint32_t)digit;
	}
	return c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : c;
}

/* Appends text, as far as there is room. */
void
sitemap_text_add(struct buf *out, const uint8_t *p, size_t n)
{
	if (buf_append(out, p, n) != 0)
		return;
}

void
sitemap_text_add_decoded(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		size_t n = 1;
		const uint8_t *end = NULL;
		uint8_t c[4];

		if (text.p[0] == '&')
			end = memchr(text.p, ';', text.len < 12 ? text.len : 12);
		if (end != NULL) {
			uint32_t character = sitemap_text_character(
			    (struct slice){text.p + 1, (size_t)(end - text.p) - 1});

			n = character == 0 ? 1 : (size_t)(end - text.p) + 1;
			if (character == 0)
				sitemap_text_add(out, text.p, 1);
			else
				sitemap_text_add(out, c, utf8_encode(character, c));
		} else {
			while (n < text.len && text.p[n] != '&')
				n++;
			sitemap_text_add(out, text.p, n);
		}
		text = (struct slice){text.p + n, text.len - n};
	}
}

/* Whether a text in UTF-16 begins here, and how: the number of bytes of its mark, and the place of the high byte in each
 * unit. Without a mark, one byte of the first character is 0, as of each ASCII character. */
static bool
sitemap_text_is_utf16(struct slice text, size_t *mark, size_t *high)
{
	const bool marked = text.len >= 2 &&
	    ((text.p[0] == 0xff && text.p[1] == 0xfe) ||
		(text.p[0] == 0xfe && text.p[1] == 0xff));

	if (text.len < 2 || (!marked && (text.p[0] == 0) == (text.p[1] == 0)))
		return false;
	*mark = marked ? 2 : 0;
	*high = marked ? text.p[0] == 0xff : text.p[1] == 0;
	return true;
}

/* Takes a character of UTF-16 from the front; a lone surrogate becomes U+FFFD. */
static uint32_t
sitemap_text_take_utf16(struct slice *text, size_t high)
{
	uint32_t unit[2] = {0};

	for (size_t i = 0; i < 2 && text->len >= 2 * (i + 1); i++)
		unit[i] = (uint32_t)text->p[2 * i + high] << 8 | text->p[2 * i + 1 - high];
	if ((unit[0] & 0xfc00) == 0xd800 && (unit[1] & 0xfc00) == 0xdc00) {
		*text = (struct slice){text->p + 4, text->len - 4};
		return 0x10000 + ((unit[0] & 0x3ff) << 10) + (unit[1] & 0x3ff);
	}
	*text = (struct slice){text->p + 2, text->len - 2};
	return (unit[0] & 0xf800) == 0xd800 ? 0xfffd : unit[0];
}

struct slice
sitemap_text_utf8(struct slice text, struct buf *out)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
	size_t skip, high;
	uint8_t c[4];

	if (text.len >= sizeof(mark) && memcmp(text.p, mark, sizeof(mark)) == 0)
		return (struct slice){text.p + sizeof(mark), text.len - sizeof(mark)};
	if (!sitemap_text_is_utf16(text, &skip, &high))
		return text;
	text = (struct slice){text.p + skip, text.len - skip};
	while (text.len >= 2)
		sitemap_text_add(out, c, utf8_encode(sitemap_text_take_utf16(&text, high), c));
	return buf_slice(out);
}

void
sitemap_text_add_address(struct buf *out, struct slice text)
{
	uint8_t c[4];

	if (utf8_valid(text)) {
		sitemap_text_add(out, text.p, text.len);
		return;
	}
	for (size_t i = 0; i < text.len; i++)
		sitemap_text_add(out, c, utf8_encode(text.p[i], c));
}
