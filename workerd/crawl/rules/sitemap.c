/*
 * A scanner of tags that counts how deep it is. An address counts only directly in <url> or <sitemap>: extensions
 * have elements of the same name further inside, for example image:loc.
 */
#include "workerd/crawl/rules/sitemap.h"

#include <string.h>
#include <strings.h>

#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/rules/url.h"

#define TEXT_MAX (4 * URL_MAX) /* of an element, before its white space is removed */

/* What the text between two tags belongs to. */
enum sitemap_field { FIELD_NONE, FIELD_LOC, FIELD_LASTMOD };

struct sitemap {
	struct slice rest;
	unsigned depth;
	unsigned entry_depth; /* of the <url> or <sitemap>; 0: outside */
	enum sitemap_field field;
	struct buf loc, lastmod;
	bool is_sitemap;
	size_t n;
	sitemap_entry_fn *fn;
	void *arg;
	bool stopped;
};

static void
sitemap_skip(struct sitemap *s, size_t n)
{
	s->rest = (struct slice){s->rest.p + n, s->rest.len - n};
}

static bool
sitemap_at(const struct sitemap *s, const char *text)
{
	return s->rest.len >= strlen(text) && memcmp(s->rest.p, text, strlen(text)) == 0;
}

/* The number of bytes up to and with `end`, or of all. */
static size_t
sitemap_through(const struct sitemap *s, const char *end)
{
	const uint8_t *found =
	    s->rest.len == 0 ? NULL : memmem(s->rest.p, s->rest.len, end, strlen(end));

	return found == NULL ? s->rest.len : (size_t)(found - s->rest.p) + strlen(end);
}

static struct slice
sitemap_trim(struct slice text)
{
	while (text.len > 0 && text.p[0] <= ' ')
		text = (struct slice){text.p + 1, text.len - 1};
	while (text.len > 0 && text.p[text.len - 1] <= ' ')
		text.len--;
	return text;
}

static void
sitemap_emit(struct sitemap *s, struct slice url, struct slice lastmod)
{
	struct sitemap_entry entry = {
	    .url = sitemap_trim(url),
	    .lastmod = sitemap_date(sitemap_trim(lastmod)),
	    .is_sitemap = s->is_sitemap,
	};

	if (entry.url.len == 0)
		return;
	s->n++;
	s->stopped = !s->fn(s->arg, &entry) || s->n >= SITEMAP_ENTRIES_MAX;
}

/* The character that a reference such as "amp" or "#38" stands for; 0: none. */
static uint32_t
sitemap_character(struct slice name)
{
	static const struct {
		const char *name;
		uint32_t c;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	bool hex = name.len > 2 && name.p[1] == 'x';
	uint32_t c = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_eq_str(name, known[i].name))
			return known[i].c;
	if (name.len < 2 || name.p[0] != '#')
		return 0;
	for (size_t i = hex ? 2 : 1; i < name.len; i++) {
		int digit = name.p[i] >= '0' && name.p[i] <= '9' ? name.p[i] - '0'
		    : hex && (name.p[i] | 0x20) >= 'a' && (name.p[i] | 0x20) <= 'f'
		    ? (name.p[i] | 0x20) - 'a' + 10
		    : -1;

		if (digit == -1 || c > 0x10ffff)
			return 0;
		c = c * (hex ? 16 : 10) + (uint32_t)digit;
	}
	return c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : c;
}

/* Appends text, as far as there is room. */
static void
sitemap_add(struct buf *out, const uint8_t *p, size_t n)
{
	if (buf_append(out, p, n) != 0)
		return;
}

static void
sitemap_add_decoded(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		size_t n = 1;
		const uint8_t *end = NULL;
		uint8_t c[4];

		if (text.p[0] == '&')
			end = memchr(text.p, ';', text.len < 12 ? text.len : 12);
		if (end != NULL) {
			uint32_t character = sitemap_character(
			    (struct slice){text.p + 1, (size_t)(end - text.p) - 1});

			n = character == 0 ? 1 : (size_t)(end - text.p) + 1;
			if (character == 0)
				sitemap_add(out, text.p, 1);
			else
				sitemap_add(out, c, utf8_encode(character, c));
		} else {
			while (n < text.len && text.p[n] != '&')
				n++;
			sitemap_add(out, text.p, n);
		}
		text = (struct slice){text.p + n, text.len - n};
	}
}

static struct buf *
sitemap_target(struct sitemap *s)
{
	return s->field == FIELD_LOC ? &s->loc : s->field == FIELD_LASTMOD ? &s->lastmod : NULL;
}

static void
sitemap_take_text(struct sitemap *s, struct slice text, bool decode)
{
	struct buf *out = sitemap_target(s);

	if (out == NULL)
		return;
	if (decode)
		sitemap_add_decoded(out, text);
	else
		sitemap_add(out, text.p, text.len);
}

/* An element's name, without its prefix. */
static struct slice
sitemap_name(struct slice tag)
{
	size_t n = 0;

	while (n < tag.len && tag.p[n] > ' ' && tag.p[n] != '/' && tag.p[n] != '>') {
		if (tag.p[n] == ':') {
			tag = (struct slice){tag.p + n + 1, tag.len - n - 1};
			n = 0;
		} else
			n++;
	}
	return (struct slice){tag.p, n};
}

static void
sitemap_open(struct sitemap *s, struct slice name)
{
	s->depth++;
	s->field = FIELD_NONE;
	if (s->entry_depth == 0) {
		s->is_sitemap = slice_eq_str(name, "sitemap");
		if (!s->is_sitemap && !slice_eq_str(name, "url"))
			return;
		s->entry_depth = s->depth;
		buf_reset(&s->loc);
		buf_reset(&s->lastmod);
	} else if (s->depth == s->entry_depth + 1) {
		s->field = slice_eq_str(name, "loc") ? FIELD_LOC
		    : slice_eq_str(name, "lastmod")  ? FIELD_LASTMOD
						     : FIELD_NONE;
	}
}

static void
sitemap_close(struct sitemap *s)
{
	s->field = FIELD_NONE;
	if (s->entry_depth != 0 && s->depth == s->entry_depth) {
		sitemap_emit(s, buf_slice(&s->loc), buf_slice(&s->lastmod));
		s->entry_depth = 0;
	}
	s->depth -= s->depth > 0;
}

/* At a "<". */
static void
sitemap_take_tag(struct sitemap *s)
{
	size_t n;

	if (sitemap_at(s, "<!--")) {
		sitemap_skip(s, 4);
		sitemap_skip(s, sitemap_through(s, "-->"));
		return;
	}
	if (sitemap_at(s, "<![CDATA[")) {
		sitemap_skip(s, 9);
		n = sitemap_through(s, "]]>");
		sitemap_take_text(s, (struct slice){s->rest.p, n > 3 ? n - 3 : 0}, false);
		sitemap_skip(s, n);
		return;
	}
	n = sitemap_through(s, ">");
	if (s->rest.len > 1 && s->rest.p[1] == '/')
		sitemap_close(s);
	else if (s->rest.len > 1 && s->rest.p[1] != '?' && s->rest.p[1] != '!') {
		sitemap_open(s, sitemap_name((struct slice){s->rest.p + 1, n - 1}));
		if (n > 2 && s->rest.p[n - 2] == '/')
			sitemap_close(s);
	}
	sitemap_skip(s, n);
}

static void
sitemap_take_xml(struct sitemap *s)
{
	while (s->rest.len > 0 && !s->stopped) {
		const uint8_t *tag = memchr(s->rest.p, '<', s->rest.len);
		size_t n = tag == NULL ? s->rest.len : (size_t)(tag - s->rest.p);

		sitemap_take_text(s, (struct slice){s->rest.p, n}, true);
		sitemap_skip(s, n);
		if (s->rest.len > 0)
			sitemap_take_tag(s);
	}
}

/* An address on each line. */
static void
sitemap_take_lines(struct sitemap *s)
{
	while (s->rest.len > 0 && !s->stopped) {
		size_t n = sitemap_through(s, "\n");
		struct slice line = sitemap_trim((struct slice){s->rest.p, n});

		if (line.len > 4 && strncasecmp((const char *)line.p, "http", 4) == 0)
			sitemap_emit(s, line, (struct slice){line.p, 0});
		sitemap_skip(s, n);
	}
}

size_t
sitemap_parse(struct slice text, sitemap_entry_fn *fn, void *arg)
{
	struct sitemap s = {.rest = text, .fn = fn, .arg = arg};

	buf_init(&s.loc, TEXT_MAX);
	buf_init(&s.lastmod, TEXT_MAX);
	if (sitemap_at(&s, "\xef\xbb\xbf"))
		sitemap_skip(&s, 3);
	s.rest = sitemap_trim(s.rest);
	if (sitemap_at(&s, "<"))
		sitemap_take_xml(&s);
	else
		sitemap_take_lines(&s);
	buf_clear(&s.loc);
	buf_clear(&s.lastmod);
	return s.n;
}
