#include "workerd/crawl/extract/html/link_set.h"

#include <libxml/uri.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"

#define SLOTS 16384 /* of the hash table: a power of two, over twice DOCUMENT_LINKS_MAX */

struct link_set {
	struct buf *list;
	struct slice base;
	size_t n;
	struct buf texts;      /* of all links, so that equal ones are found */
	uint32_t slots[SLOTS]; /* place in texts, from 1; 0: free. A text ends with NUL. */
};

struct link_set *
link_set_new(struct buf *list, struct slice base)
{
	struct link_set *links = xcalloc(1, sizeof(*links));

	links->list = list;
	links->base = base;
	buf_init(&links->texts, (size_t)DOCUMENT_LINKS_MAX * (DOCUMENT_URL_MAX + 1));
	return links;
}

void
link_set_free(struct link_set *links)
{
	if (links == NULL)
		return;
	buf_clear(&links->texts);
	free(links);
}

/* Characters that libxml2's parser refuses, and browsers write as escapes. */
static int
link_set_escape(struct slice href, struct buf *out)
{
	for (size_t i = 0; i < href.len; i++) {
		uint8_t c = href.p[i];
		int r = 0;

		if (c == '\t' || c == '\n' || c == '\r')
			continue;
		if (c <= ' ' || c >= 0x7f || strchr("\"<>^`{|}", c) != NULL)
			r = buf_printf(out, "%%%02X", c);
		else
			r = buf_append(out, c == '\\' ? "/" : (const char *)&c, 1);
		if (r == -1)
			return -1;
	}
	return buf_append(out, "", 1);
}

static bool
link_set_is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

int
link_set_resolve(struct slice href, struct slice base, struct buf *out)
{
	struct buf escaped, from;
	xmlChar *url = NULL;
	int r = -1;

	buf_init(&escaped, 2 * DOCUMENT_URL_MAX);
	buf_init(&from, 2 * DOCUMENT_URL_MAX);
	if (link_set_escape(href, &escaped) == 0 && link_set_escape(base, &from) == 0) {
		const char *relative = (const char *)buf_data(&escaped);

		url = xmlBuildURI((const xmlChar *)relative,
		    base.len > 0 ? (const xmlChar *)buf_data(&from) : NULL);
	}
	if (url != NULL && link_set_is_http((const char *)url)) {
		size_t n = strcspn((const char *)url, "#");

		r = n <= DOCUMENT_URL_MAX ? buf_append(out, url, n) : -1;
	}
	xmlFree(url);
	buf_clear(&escaped);
	buf_clear(&from);
	return r;
}

/* FNV-1a. A page that forces collisions costs its own time. */
static uint32_t
link_set_hash(struct slice url)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < url.len; i++)
		h = (h ^ url.p[i]) * 16777619u;
	return h;
}

static bool
link_set_is_at(const struct link_set *links, uint32_t slot, struct slice url)
{
	return slice_eq_str(
	    url, (const char *)buf_data(&links->texts) + links->slots[slot] - 1);
}

/* Marks the link as known; false if it was. */
static bool
link_set_insert(struct link_set *links, struct slice url)
{
	uint32_t slot = link_set_hash(url) & (SLOTS - 1);

	while (links->slots[slot] != 0) {
		if (link_set_is_at(links, slot, url))
			return false;
		slot = (slot + 1) & (SLOTS - 1);
	}
	links->slots[slot] = (uint32_t)buf_len(&links->texts) + 1;
	must(buf_append(&links->texts, url.p, url.len) == 0);
	must(buf_append(&links->texts, "", 1) == 0);
	return true;
}

void
link_set_add(struct link_set *links, struct slice href)
{
	struct buf url;

	if (href.len == 0 || href.p[0] == '#' || links->n == DOCUMENT_LINKS_MAX)
		return;
	buf_init(&url, DOCUMENT_URL_MAX);
	if (link_set_resolve(href, links->base, &url) == 0 &&
	    link_set_insert(links, buf_slice(&url))) {
		must(document_add_link(links->list, buf_slice(&url)) == 0);
		links->n++;
	}
	buf_clear(&url);
}
