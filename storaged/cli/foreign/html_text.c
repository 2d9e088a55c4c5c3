/*
 * A tag at a time, without a tree: what a message needs. Unknown tags and wrong nesting are harmless.
 */
#include "storaged/cli/foreign/html_text.h"

#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/hex.h"
#include "proto/base/utf8.h"

/* Bytes of an address; a longer one is left out. */
#define HREF_MAX 4096

/* A tag is recognized within so many bytes. */
#define TAG_MAX 4096

struct html_text {
	struct buf *out;
	size_t from;     /* where the text begins in out */
	unsigned breaks; /* line breaks that come before the next word */
	bool space;      /* a space does */
	bool pre;
	char href[HREF_MAX + 1]; /* of the open link */
	size_t link;             /* where its text begins */
};

static int
html_text_put(struct html_text *h, struct slice s)
{
	static const char breaks[] = "\n\n";

	if (s.len == 0)
		return 0;
	if (buf_len(h->out) > h->from) {
		if (h->breaks > 0 && buf_append(h->out, breaks, h->breaks) == -1)
			return -1;
		if (h->breaks == 0 && h->space && buf_append(h->out, " ", 1) == -1)
			return -1;
	}
	h->breaks = 0;
	h->space = false;
	return buf_append(h->out, s.p, s.len);
}

static void
html_text_break(struct html_text *h, unsigned n)
{
	if (h->breaks < n)
		h->breaks = n;
}

/* A character reference at the front of s, which begins with "&". Returns its length, and the character's bytes. */
static size_t
html_text_reference(struct slice s, uint8_t out[4], size_t *n)
{
	static const struct {
		const char *name;
		uint32_t c;
	} names[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''},
	    {"nbsp", ' '}, {"copy", 0xa9}, {"reg", 0xae}, {"trade", 0x2122}, {"hellip", 0x2026},
	    {"ndash", 0x2013}, {"mdash", 0x2014}, {"lsquo", 0x2018}, {"rsquo", 0x2019},
	    {"ldquo", 0x201c}, {"rdquo", 0x201d}, {"bull", 0x2022}, {"euro", 0x20ac},
	    {"pound", 0xa3}, {"laquo", 0xab}, {"raquo", 0xbb}, {"auml", 0xe4}, {"ouml", 0xf6},
	    {"uuml", 0xfc}, {"Auml", 0xc4}, {"Ouml", 0xd6}, {"Uuml", 0xdc}, {"szlig", 0xdf},
	    {"eacute", 0xe9}, {"egrave", 0xe8}, {"agrave", 0xe0}, {"ccedil", 0xe7},
	    {"ntilde", 0xf1}, {"deg", 0xb0}, {"times", 0xd7}, {"rarr", 0x2192}};
	const uint8_t *end = memchr(s.p, ';', s.len < 12 ? s.len : 12);
	struct slice name;
	uint32_t c = 0;

	if (end == NULL)
		return 0;
	name = (struct slice){s.p + 1, (size_t)(end - s.p) - 1};
	if (name.len > 1 && name.p[0] == '#') {
		bool hex = name.p[1] == 'x' || name.p[1] == 'X';
		int base = hex ? 16 : 10;

		for (size_t i = hex ? 2 : 1; i < name.len; i++) {
			int digit = hex_value(name.p[i]);

			if (digit == -1 || digit >= base)
				return 0;
			c = c > 0x10ffff ? c : c * (uint32_t)base + (uint32_t)digit;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(names) && c == 0; i++)
		if (slice_eq_str(name, names[i].name))
			c = names[i].c;
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (c == 0xa0)
		c = ' ';
	*n = utf8_encode(c, out);
	return name.len + 2;
}

/* Copies text with its character references; spaces and line breaks are one space. */
static int
html_text_words(struct html_text *h, struct slice s)
{
	for (size_t i = 0; i < s.len;) {
		uint8_t c[4];
		size_t n = 1, used = 1;

		if (s.p[i] == '&')
			used = html_text_reference((struct slice){s.p + i, s.len - i}, c, &n);
		if (s.p[i] != '&' || used == 0) {
			c[0] = s.p[i];
			n = used = 1;
		}
		if (h->pre && c[0] == '\n') {
			h->breaks++;
			if (h->breaks > 2)
				h->breaks = 2;
		} else if (c[0] == '\n' || c[0] == '\r' || c[0] == '\t' || c[0] == ' ') {
			h->space = true;
		} else if (html_text_put(h, (struct slice){c, n}) == -1) {
			return -1;
		}
		i += used;
	}
	return 0;
}

/* The value of an attribute in the inside of a tag, in quotes or not; empty: it has none. */
static struct slice
html_text_attribute(struct slice tag, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 1; i + len + 1 < tag.len; i++) {
		const uint8_t *p = tag.p + i;
		size_t left = tag.len - i - len - 1;
		const uint8_t *end;

		if (strchr(" \t\n\r\"'/", tag.p[i - 1]) == NULL || p[len] != '=' ||
		    strncasecmp((const char *)p, name, len) != 0)
			continue;
		p += len + 1;
		if (left > 0 && (*p == '"' || *p == '\'')) {
			end = memchr(p + 1, *p, left - 1);
			if (end == NULL)
				break;
			return (struct slice){p + 1, (size_t)(end - p) - 1};
		}
		for (end = p; end < p + left && strchr(" \t\n\r>", *end) == NULL; end++)
			;
		return (struct slice){p, (size_t)(end - p)};
	}
	return (struct slice){0};
}

static bool
html_text_is(struct slice name, const char *list)
{
	for (const char *at = list; *at != '\0'; at += strcspn(at, " "), at += *at == ' ') {
		size_t len = strcspn(at, " ");

		if (len == name.len && strncasecmp((const char *)name.p, at, len) == 0)
			return true;
	}
	return false;
}

static bool
html_text_is_address(struct slice s)
{
	return s.len > 8 &&
	    (strncmp((const char *)s.p, "http://", 7) == 0 ||
		strncmp((const char *)s.p, "https://", 8) == 0);
}

/* " (address)", unless the text before it is that. */
static int
html_text_put_address(struct html_text *h, struct slice address)
{
	struct slice said = {buf_data(h->out) + h->link, buf_len(h->out) - h->link};
	struct buf words;
	int rc;

	said = utf8_trim(said);
	if (!html_text_is_address(address) || address.len > HREF_MAX || slice_eq(said, address))
		return 0;
	h->space = buf_len(h->out) > h->from;
	buf_init(&words, HREF_MAX + 2);
	rc = buf_append_str(&words, "(");
	if (rc == 0)
		rc = buf_append(&words, address.p, address.len);
	if (rc == 0)
		rc = buf_append_str(&words, ")");
	if (rc == 0)
		rc = html_text_words(h, buf_slice(&words));
	buf_clear(&words);
	return rc;
}

static void
html_text_open_link(struct html_text *h, struct slice tag)
{
	struct slice href = html_text_attribute(tag, "href");

	h->href[0] = '\0';
	if (href.len < sizeof(h->href))
		(void)!slice_copy_text(href, h->href, sizeof(h->href));
	h->link = buf_len(h->out);
}

/* Takes a tag: its inside. */
static int
html_text_tag(struct html_text *h, struct slice tag)
{
	bool closes = tag.len > 0 && tag.p[0] == '/';
	struct slice name = {tag.p + closes, 0};
	int rc = 0;

	while (name.len + closes < tag.len && strchr(" \t\r\n/>", name.p[name.len]) == NULL)
		name.len++;
	if (html_text_is(name, "br")) {
		h->breaks = h->breaks < 2 ? h->breaks + 1 : 2;
	} else if (html_text_is(name, "p h1 h2 h3 h4 h5 h6 ul ol blockquote table pre")) {
		html_text_break(h, 2);
		h->pre = html_text_is(name, "pre") && !closes;
	} else if (html_text_is(name, "div tr section article header footer hr dt dd figure")) {
		html_text_break(h, 1);
	} else if (html_text_is(name, "li")) {
		html_text_break(h, 1);
		if (!closes)
			rc = html_text_put(h, slice_str("- "));
	} else if (html_text_is(name, "td th")) {
		h->space = true;
	} else if (html_text_is(name, "a")) {
		if (!closes)
			html_text_open_link(h, tag);
		else
			rc = html_text_put_address(h, slice_str(h->href));
		if (closes)
			h->href[0] = '\0';
	} else if (html_text_is(name, "img") && !closes) {
		h->link = buf_len(h->out);
		rc = html_text_put_address(h, html_text_attribute(tag, "src"));
	}
	return rc;
}

/* The end of what begins here and is no text: a comment, a script, a style sheet; 0: it is a tag. */
static size_t
html_text_skip(struct slice s)
{
	static const struct {
		const char *begin, *end;
	} rows[] = {{"<!--", "-->"}, {"<script", "</script"}, {"<style", "</style"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].begin), end_len = strlen(rows[i].end);

		if (s.len < len || strncasecmp((const char *)s.p, rows[i].begin, len) != 0)
			continue;
		for (size_t at = len; at + end_len <= s.len; at++)
			if (strncasecmp((const char *)s.p + at, rows[i].end, end_len) == 0)
				return at + (i == 0 ? end_len : 0);
		return s.len;
	}
	return 0;
}

/* The length of a tag at the front of s, with both brackets; 0: "<" is text here. *unended is set if no tag can
 * follow, so that a text full of "<" is searched once. */
static size_t
html_text_tag_len(struct slice s, bool *unended)
{
	uint8_t first = s.len > 1 ? s.p[1] | 0x20 : 0;
	const uint8_t *end;

	if (*unended ||
	    !((first >= 'a' && first <= 'z') || first == ('/' | 0x20) || first == ('!' | 0x20)))
		return 0;
	end = memchr(s.p, '>', s.len);
	*unended = end == NULL;
	return end == NULL ? 0 : (size_t)(end - s.p) + 1;
}

int
html_text_append(struct buf *out, struct slice html)
{
	struct html_text h = {.out = out, .from = buf_len(out)};
	bool unended = false;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < html.len;) {
		struct slice s = {html.p + i, html.len - i};
		const uint8_t *next;
		size_t n;

		if (s.p[0] != '<') {
			next = memchr(s.p, '<', s.len);
			n = next == NULL ? s.len : (size_t)(next - s.p);
			rc = html_text_words(&h, (struct slice){s.p, n});
		} else if ((n = html_text_skip(s)) == 0) {
			n = html_text_tag_len(s, &unended);
			if (n > 0) {
				rc = html_text_tag(&h, (struct slice){s.p + 1, n - 2});
			} else {
				n = 1;
				rc = html_text_words(&h, (struct slice){s.p, 1});
			}
		}
		i += n;
	}
	return rc;
}

bool
html_text_is_html(struct slice text)
{
	static const char known[] = "p br div span a b i u em strong ul ol li h1 h2 h3 h4 h5 "
				    "img blockquote pre code table html body";

	for (size_t i = 0; i + 2 < text.len; i++) {
		struct slice s = {text.p + i, text.len - i}, name;
		bool ignored = false;
		size_t n;

		if (s.p[0] != '<')
			continue;
		if (s.len > TAG_MAX)
			s.len = TAG_MAX;
		n = html_text_tag_len(s, &ignored);
		if (n < 3)
			continue;
		name = (struct slice){s.p + 1 + (s.p[1] == '/'), 0};
		while (name.p + name.len < s.p + n &&
		    strchr(" \t\r\n/>", name.p[name.len]) == NULL)
			name.len++;
		if (html_text_is(name, known))
			return true;
	}
	return false;
}
