/*
 * A sitemap: entries are within the limits, an XML list of them gives the same ones, and a compressed file that is
 * invalid does no harm.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/fetch/gunzip.h"
#include "workerd/crawl/rules/sitemap.h"

#define OUT_MAX (1 << 20)

/* Writes an entry in a form that has no ambiguity. */
static bool
write_entry(void *arg, const struct sitemap_entry *entry)
{
	struct buf *out = arg;
	const char *name = entry->is_sitemap ? "sitemap" : "url";

	must(entry->url.len > 0 && entry->url.p[0] > ' ' &&
	    entry->url.p[entry->url.len - 1] > ' ');
	if (buf_room(out) < 12 * entry->url.len + 200)
		return false;
	must(buf_printf(out, "<%s><loc>", name) == 0);
	for (size_t i = 0; i < entry->url.len; i++)
		if (entry->url.p[i] != 0 && strchr("<>&", entry->url.p[i]) != NULL)
			must(buf_printf(out, "&#%u;", entry->url.p[i]) == 0);
		else
			must(buf_append(out, entry->url.p + i, 1) == 0);
	must(buf_printf(out, "</loc></%s>", name) == 0);
	return true;
}

static void
write_entries(struct buf *out, struct slice text)
{
	buf_init(out, OUT_MAX);
	must(buf_append_str(out, "<x>") == 0);
	must(sitemap_parse(text, write_entry, out) <= SITEMAP_ENTRIES_MAX);
	must(buf_append_str(out, "</x>") == 0);
}

FUZZ(sitemap)
{
	uint8_t *copy = fuzz_copy(in);
	struct slice text = {copy, in.len};
	struct buf once, twice, content;

	buf_init(&content, OUT_MAX);
	if (gunzip_is(text) && gunzip_add(&content, text) == 0)
		text = buf_slice(&content);
	write_entries(&once, text);
	write_entries(&twice, buf_slice(&once));
	must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	buf_clear(&content);
	buf_clear(&once);
	buf_clear(&twice);
	free(copy);
}
