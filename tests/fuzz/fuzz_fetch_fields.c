/*
 * The fields of a site's response. What crawld keeps is NUL-terminated within its bounds, and each value that is stored and
 * sent back (ETag, Last-Modified) is one line of valid text.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/fetch/fetch_fields.h"

static void
check_text(const char *text, size_t size)
{
	must(memchr(text, '\0', size) != NULL);
	must(utf8_valid(slice_str(text)) && utf8_is_line(slice_str(text)));
}

FUZZ(fetch_fields)
{
	struct fetch_response *r = xcalloc(1, sizeof(*r));
	struct slice rest = in;

	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.p, '\n', rest.len);
		size_t n = end == NULL ? rest.len : (size_t)(end - rest.p) + 1;
		uint8_t *line = fuzz_copy((struct slice){rest.p, n});

		fetch_fields_take(r, (struct slice){line, n}, "https://site.example/a/b");
		free(line);
		rest = (struct slice){rest.p + n, rest.len - n};
		check_text(r->type, sizeof(r->type));
		check_text(r->charset, sizeof(r->charset));
		check_text(r->etag, sizeof(r->etag));
		check_text(r->last_modified, sizeof(r->last_modified));
		check_text(r->location, sizeof(r->location));
	}
	free(r);
}
