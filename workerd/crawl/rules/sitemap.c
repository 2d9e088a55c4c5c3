/*
 * A scanner of tags that counts how deep it is. What an entry consists of is a table. An address counts only directly in
 * its entry and with the entry's own prefix: extensions have elements of the same name, for example image:loc.
 */
#include "workerd/crawl/rules/sitemap.h"

#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "workerd/crawl/rules/sitemap_text.h"
#include "workerd/crawl/rules/url.h"

#define TEXT_MAX (4 * URL_MAX) /* of an element, before its white space is removed */
/* Of a text that was converted: an entry needs more bytes than this. */
#define UTF8_MAX ((size_t)32 << 20)

/* What an element of an entry contains. */
enum sitemap_field {
	FIELD_NONE,
	FIELD_LOC,
	FIELD_LINK, /* the address is an attribute */
	FIELD_ID,   /* an address only if nothing else is one */
	FIELD_LASTMOD,
	FIELDS
};

/* Names are compared without case. */
static const struct sitemap_element {
	const char *entry, *name;
	enum sitemap_field field;
} elements[] = {
    /* sitemaps.org, protocol 0.9 */
    {.entry = "url", .name = "loc", .field = FIELD_LOC},
    {.entry = "url", .name = "lastmod", .field = FIELD_LASTMOD},
    {.entry = "sitemap", .name = "loc", .field = FIELD_LOC},
    {.entry = "sitemap", .name = "lastmod", .field = FIELD_LASTMOD},
    /* RSS 2.0 and 1.0 (RDF), with Dublin Core */
    {.entry = "item", .name = "link", .field = FIELD_LOC},
    {.entry = "item", .name = "guid", .field = FIELD_ID},
    {.entry = "item", .name = "pubDate", .field = FIELD_LASTMOD},
    {.entry = "item", .name = "date", .field = FIELD_LASTMOD},
    /* Atom (RFC 4287, section 4.1.2) */
    {.entry = "entry", .name = "link", .field = FIELD_LINK},
    {.entry = "entry", .name = "updated", .field = FIELD_LASTMOD},
};

/* An element's name, borrowed. */
struct sitemap_name {
	struct slice prefix, local;
};

struct sitemap {
	struct slice rest;
	unsigned depth;
	struct sitemap_name entry;        /* that is open */
	unsigned entry_depth;             /* of it; 0: none is open */
	struct slice base[SITEMAP_BASES]; /* xml:base of the open elements, outermost first */
	enum sitemap_field field;         /* what the text between two tags belongs to */
	struct buf texts[FIELDS];
	bool link_is_html; /* the address in FIELD_LINK is of a page */
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

/* The length of the tag at the front. The value of an attribute may have a ">" but no "<" (XML 1.0, section 2.3): one that
 * does has no end. */
static size_t
sitemap_tag_length(const struct sitemap *s)
{
	uint8_t quote = 0;

	for (size_t i = 1; i < s->rest.len; i++) {
		const uint8_t c = s->rest.p[i];

		if (quote == 0 && c == '>')
			return i + 1;
		if (quote != 0 && c == '<')
			break;
		if (quote == 0 && (c == '"' || c == '\''))
			quote = c;
		else if (c == quote)
			quote = 0;
	}
	return sitemap_through(s, ">");
}

static void
sitemap_emit(struct sitemap *s, struct slice address, struct sitemap_entry entry)
{
	struct buf url;

	buf_init(&url, 2 * TEXT_MAX);
	sitemap_text_add_address(&url, sitemap_text_trim(address));
	entry.url = buf_slice(&url);
	if (entry.url.len > 0) {
		s->n++;
		s->stopped = !s->fn(s->arg, &entry) || s->n >= SITEMAP_ENTRIES_MAX;
	}
	buf_clear(&url);
}

static bool
sitemap_begins(struct slice text, const char *start)
{
	return text.len >= strlen(start) &&
	    strncasecmp((const char *)text.p, start, strlen(start)) == 0;
}

static bool
sitemap_is_http(struct slice text)
{
	return text.len > 4 && sitemap_begins(text, "http");
}

/* The first address that the entry has. */
static struct slice
sitemap_address(const struct sitemap *s)
{
	struct slice id = sitemap_text_trim(buf_slice(&s->texts[FIELD_ID]));

	for (enum sitemap_field i = FIELD_LOC; i <= FIELD_LINK; i++) {
		struct slice text = sitemap_text_trim(buf_slice(&s->texts[i]));

		if (text.len > 0)
			return text;
	}
	return sitemap_is_http(id) ? id : (struct slice){id.p, 0};
}

static bool
sitemap_is(struct slice name, const char *other)
{
	return name.len == strlen(other) &&
	    strncasecmp((const char *)name.p, other, name.len) == 0;
}

/* Missing ends may make an element deeper than lists are: the last xml:base is then its own. */
static unsigned
sitemap_level(unsigned depth)
{
	return depth < SITEMAP_BASES ? depth : SITEMAP_BASES;
}

static void
sitemap_end_entry(struct sitemap *s)
{
	struct sitemap_entry entry = {
	    .lastmod = sitemap_date(sitemap_text_trim(buf_slice(&s->texts[FIELD_LASTMOD]))),
	    .is_sitemap = sitemap_is(s->entry.local, "sitemap"),
	    .is_news =
		sitemap_is(s->entry.local, "item") || sitemap_is(s->entry.local, "entry"),
	};

	for (size_t i = 0; i < sitemap_level(s->entry_depth); i++)
		entry.base[i] = s->base[i];
	sitemap_emit(s, sitemap_address(s), entry);
	s->entry_depth = 0;
}

static void
sitemap_take_text(struct sitemap *s, struct slice text, bool decode)
{
	struct buf *out = &s->texts[s->field];

	if (s->field == FIELD_NONE)
		return;
	if (decode)
		sitemap_text_add_decoded(out, text);
	else
		sitemap_text_add(out, text.p, text.len);
}

/* The name at the front of a tag. */
static struct sitemap_name
sitemap_name(struct slice tag)
{
	struct sitemap_name name = {.local = {tag.p, 0}, .prefix = {tag.p, 0}};
	size_t n = 0;

	for (; n < tag.len && tag.p[n] > ' ' && tag.p[n] != '/' && tag.p[n] != '>'; n++)
		if (tag.p[n] == ':') {
			name.prefix = (struct slice){tag.p, n};
			name.local.p = tag.p + n + 1;
		}
	name.local.len = (size_t)(tag.p + n - name.local.p);
	return name;
}

/* The value of a tag's attribute, with its references; empty if there is none. */
static struct slice
sitemap_attribute(struct slice tag, const char *name)
{
	for (size_t i = 1; i < tag.len; i++) {
		size_t at = i;
		const uint8_t *end;

		if (tag.p[i - 1] > ' ')
			continue;
		while (at < tag.len && tag.p[at] > ' ' && tag.p[at] != '=')
			at++;
		if (!sitemap_is((struct slice){tag.p + i, at - i}, name))
			continue;
		while (at < tag.len && (tag.p[at] <= ' ' || tag.p[at] == '='))
			at++;
		if (at == tag.len || (tag.p[at] != '"' && tag.p[at] != '\''))
			continue;
		end = memchr(tag.p + at + 1, tag.p[at], tag.len - at - 1);
		if (end != NULL)
			return (struct slice){tag.p + at + 1, (size_t)(end - tag.p) - at - 1};
	}
	return (struct slice){tag.p, 0};
}

/* Whether an element is an entry. */
static bool
sitemap_begins_entry(struct slice local)
{
	for (size_t i = 0; i < ARRAY_LEN(elements); i++)
		if (sitemap_is(local, elements[i].entry))
			return true;
	return false;
}

/* What an element directly in the open entry contains. Dates are often in another namespace. */
static enum sitemap_field
sitemap_field(const struct sitemap *s, const struct sitemap_name *name)
{
	for (size_t i = 0; i < ARRAY_LEN(elements); i++)
		if (sitemap_is(s->entry.local, elements[i].entry) &&
		    sitemap_is(name->local, elements[i].name))
			return elements[i].field == FIELD_LASTMOD ||
				slice_eq(name->prefix, s->entry.prefix)
			    ? elements[i].field
			    : FIELD_NONE;
	return FIELD_NONE;
}

/* The address of Atom's <link>: the page itself has no rel, or "alternate" (RFC 4287, section 4.2.7.2), also as the
 * identifier of that relation. The first one counts, unless another one is HTML and the first one is not. */
static void
sitemap_take_link(struct sitemap *s, struct slice tag)
{
	struct slice rel = sitemap_attribute(tag, "rel");
	struct slice type = sitemap_attribute(tag, "type");
	const bool html = type.len == 0 || sitemap_begins(type, "text/html") ||
	    sitemap_begins(type, "application/xhtml");

	if (rel.len > 0 && !sitemap_is(rel, "alternate") &&
	    !sitemap_is(rel, "http://www.iana.org/assignments/relation/alternate"))
		return;
	if (buf_len(&s->texts[FIELD_LINK]) > 0 && (s->link_is_html || !html))
		return;
	buf_reset(&s->texts[FIELD_LINK]);
	sitemap_text_add_decoded(&s->texts[FIELD_LINK], sitemap_attribute(tag, "href"));
	s->link_is_html = html;
}

static void
sitemap_open_entry(struct sitemap *s, const struct sitemap_name *name, struct slice tag)
{
	s->entry = *name;
	s->entry_depth = s->depth;
	for (size_t i = 0; i < FIELDS; i++)
		buf_reset(&s->texts[i]);
	sitemap_text_add_decoded(&s->texts[FIELD_ID], sitemap_attribute(tag, "rdf:about"));
}

static bool
sitemap_is_entry(const struct sitemap *s, const struct sitemap_name *name)
{
	return s->entry_depth != 0 && slice_eq(name->prefix, s->entry.prefix) &&
	    slice_eq(name->local, s->entry.local);
}

/* An entry within one of the same kind: the end of the first one is missing. */
static void
sitemap_open(struct sitemap *s, struct slice tag)
{
	struct sitemap_name name = sitemap_name(tag);

	s->depth++;
	s->field = FIELD_NONE;
	if (sitemap_is_entry(s, &name)) {
		s->depth = s->entry_depth;
		sitemap_end_entry(s);
	}
	if (s->entry_depth == 0) {
		s->base[sitemap_level(s->depth) - 1] = sitemap_attribute(tag, "xml:base");
		if (sitemap_begins_entry(name.local))
			sitemap_open_entry(s, &name, tag);
	} else if (s->depth == s->entry_depth + 1) {
		s->field = sitemap_field(s, &name);
		if (s->field == FIELD_LINK) {
			sitemap_take_link(s, tag);
			s->field = FIELD_NONE;
		} else
			buf_reset(&s->texts[s->field]);
		/* RSS 2.0: this one is not an address. */
		if (sitemap_is(sitemap_attribute(tag, "isPermaLink"), "false"))
			s->field = FIELD_NONE;
	}
}

/* At the end of the whole list, too, an entry whose own end is missing is complete. */
static void
sitemap_close(struct sitemap *s, const struct sitemap_name *name)
{
	s->field = FIELD_NONE;
	if (s->entry_depth != 0 && sitemap_is_entry(s, name))
		s->depth = s->entry_depth;
	if (s->entry_depth != 0 && s->depth <= s->entry_depth)
		sitemap_end_entry(s);
	s->depth -= s->depth > 0;
}

/* At a "<". */
static void
sitemap_take_tag(struct sitemap *s)
{
	struct sitemap_name name;
	struct slice tag;
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
	n = sitemap_tag_length(s);
	tag = (struct slice){s->rest.p + 1, n - 1};
	if (tag.len > 0 && tag.p[0] == '/') {
		name = sitemap_name((struct slice){tag.p + 1, tag.len - 1});
		sitemap_close(s, &name);
	} else if (tag.len > 0 && tag.p[0] != '?' && tag.p[0] != '!') {
		name = sitemap_name(tag);
		sitemap_open(s, tag);
		if (n > 2 && s->rest.p[n - 2] == '/')
			sitemap_close(s, &name);
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

/* An address on each line, which ends with LF, CR or both. */
static void
sitemap_take_lines(struct sitemap *s)
{
	while (s->rest.len > 0 && !s->stopped) {
		struct slice line = {s->rest.p, 0};

		while (line.len < s->rest.len && line.p[line.len] != '\n' &&
		    line.p[line.len] != '\r')
			line.len++;
		sitemap_skip(s, line.len + (line.len < s->rest.len));
		line = sitemap_text_trim(line);
		if (sitemap_is_http(line))
			sitemap_emit(s, line, (struct sitemap_entry){0});
	}
}

size_t
sitemap_parse(struct slice text, sitemap_entry_fn *fn, void *arg)
{
	struct sitemap s = {.fn = fn, .arg = arg};
	struct slice begin;
	struct buf utf8;

	buf_init(&utf8, UTF8_MAX);
	for (size_t i = 0; i < FIELDS; i++)
		buf_init(&s.texts[i], TEXT_MAX);
	s.rest = sitemap_text_trim(sitemap_text_utf8(text, &utf8));
	begin = s.rest;
	if (!sitemap_at(&s, "<"))
		sitemap_take_lines(&s);
	/* Also behind a warning of the program that has written it. */
	if (s.n == 0) {
		s.rest = begin;
		sitemap_take_xml(&s);
	}
	for (size_t i = 0; i < FIELDS; i++)
		buf_clear(&s.texts[i]);
	buf_clear(&utf8);
	return s.n;
}
