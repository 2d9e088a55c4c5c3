#include "workerd/crawl/fetch/fetch_fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/utf8.h"

static struct slice
fetch_fields_trim(struct slice s)
{
	while (s.len > 0 && s.p[0] <= ' ')
		s = (struct slice){s.p + 1, s.len - 1};
	while (s.len > 0 && s.p[s.len - 1] <= ' ')
		s.len--;
	return s;
}

/* Copies a value of at most max bytes. One that is longer, or no line of text, counts as none: libcurl passes on a CR or NUL
 * inside a value, which would end up in our own requests (RFC 9110, section 5.5). */
static void
fetch_fields_copy(char *out, size_t max, struct slice value)
{
	if (!utf8_valid(value) || !utf8_is_line(value) || !slice_copy_text(value, out, max + 1))
		out[0] = '\0';
}

static void
fetch_fields_lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text |= 0x20;
}

static struct slice
fetch_fields_unquote(struct slice s)
{
	if (s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"')
		return (struct slice){s.p + 1, s.len - 2};
	return s;
}

static void
fetch_fields_take_type(struct fetch_response *r, struct slice value)
{
	const uint8_t *end = memchr(value.p, ';', value.len);
	size_t n = end == NULL ? value.len : (size_t)(end - value.p);

	fetch_fields_copy(
	    r->type, FETCH_TYPE_MAX, fetch_fields_trim((struct slice){value.p, n}));
	fetch_fields_lower(r->type);
	while (end != NULL) {
		struct slice rest = {end + 1, (size_t)(value.p + value.len - end) - 1};
		struct slice parameter;

		end = rest.len == 0 ? NULL : memchr(rest.p, ';', rest.len);
		parameter = fetch_fields_trim(
		    (struct slice){rest.p, end == NULL ? rest.len : (size_t)(end - rest.p)});
		if (parameter.len <= 8 ||
		    strncasecmp((const char *)parameter.p, "charset=", 8) != 0)
			continue;
		fetch_fields_copy(r->charset, FETCH_CHARSET_MAX,
		    fetch_fields_unquote(
			fetch_fields_trim((struct slice){parameter.p + 8, parameter.len - 8})));
		fetch_fields_lower(r->charset);
	}
}

/* Seconds; a date counts as none. */
static unsigned
fetch_fields_seconds(struct slice value)
{
	char text[12];

	if (!slice_copy_text(value, text, sizeof(text)))
		return 0;
	return text[0] >= '0' && text[0] <= '9' ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static bool
fetch_fields_is(struct slice name, const char *what)
{
	return name.len == strlen(what) &&
	    strncasecmp((const char *)name.p, what, name.len) == 0;
}

void
fetch_fields_take(struct fetch_response *r, struct slice line, const char *url)
{
	const uint8_t *colon;
	struct slice name, value;

	if (line.len >= 5 && memcmp(line.p, "HTTP/", 5) == 0) {
		r->type[0] = r->charset[0] = r->etag[0] = r->last_modified[0] = r->location[0] =
		    '\0';
		r->tag = (struct robots_tag){0};
		r->retry_after_s = 0;
		r->challenge = false;
		return;
	}
	colon = line.len == 0 ? NULL : memchr(line.p, ':', line.len);
	if (colon == NULL)
		return;
	name = (struct slice){line.p, (size_t)(colon - line.p)};
	value = fetch_fields_trim((struct slice){colon + 1, line.len - name.len - 1});
	if (fetch_fields_is(name, "content-type"))
		fetch_fields_take_type(r, value);
	else if (fetch_fields_is(name, "etag"))
		fetch_fields_copy(r->etag, FETCH_ETAG_MAX, value);
	else if (fetch_fields_is(name, "last-modified"))
		fetch_fields_copy(r->last_modified, FETCH_MODIFIED_MAX, value);
	else if (fetch_fields_is(name, "x-robots-tag"))
		robots_tag_add(&r->tag, value);
	else if (fetch_fields_is(name, "retry-after"))
		r->retry_after_s = fetch_fields_seconds(value);
	else if (fetch_fields_is(name, "www-authenticate"))
		r->challenge = true;
	else if (fetch_fields_is(name, "location") &&
	    url_normalize(value, url, r->location) != 0)
		r->location[0] = '\0';
}
