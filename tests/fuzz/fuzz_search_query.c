/*
 * A search, as a person types it: SQLite accepts what query.c makes of it, only words and spaces are between
 * its quotes, and a document with the same text is found; its snippet is valid text with marks in order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storaged/search/index.h"
#include "storaged/search/text/snippet.h"
#include "tests/fuzz/fuzz.h"

static const struct id organization = {{1}}, conversation = {{2}}, message = {{3}};

static struct index *
open_index(void)
{
	char dir[] = "/tmp/fuzz-search-XXXXXX";
	struct index *ix;

	must(mkdtemp(dir) != NULL);
	must(index_open(&ix, dir) == DATABASE_EMPTY);
	must(index_build_step(ix) == 0);
	/* The open file stays. */
	index_delete(dir);
	must(rmdir(dir) == 0);
	return ix;
}

static void
check_snippet(const struct query *q, struct slice text)
{
	struct snippet s;
	size_t at = 0;

	snippet_make(&s, q, text);
	must(s.text.len <= SNIPPET_MAX && utf8_valid(s.text));
	for (size_t i = 0; i < s.n_marks; i++) {
		struct slice mark = {
		    s.text.p + s.marks[i].start, (size_t)(s.marks[i].end - s.marks[i].start)};

		must(s.marks[i].start >= at && mark.len > 0 && s.marks[i].end <= s.text.len);
		must(utf8_valid(mark));
		at = s.marks[i].end;
	}
}

static int
count_result(void *arg, const struct index_result *result)
{
	must(id_equal(&result->id, &message));
	++*(int *)arg;
	return 0;
}

FUZZ(search_query)
{
	static struct index *ix;
	struct index_parent parent = {
	    .id = conversation, .org = organization, .tags = slice_str("")};
	struct index_document document = {.parent = conversation, .id = message, .at = 1};
	struct index_filter filter = {.org = organization};
	struct query q;
	struct buf text;
	uint64_t next;
	int found = 0;

	buf_init(&text, 3 * in.len + 1);
	fuzz_text(&text, in);
	if (buf_len(&text) <= QUERY_MAX && query_parse(&q, buf_slice(&text)) == QUERY_OK) {
		if (ix == NULL)
			ix = open_index();
		document.text = buf_slice(&text);
		must(index_begin(ix) == 0 && index_put_parent(ix, &parent) == 0);
		must(index_put(ix, &document) == 0 && index_commit(ix, 1) == 0);
		must(index_search(ix, &q, &filter, 2, 1000, count_result, &found, &next) == 0);
		must(found == 1);
		check_snippet(&q, buf_slice(&text));
	}
	buf_clear(&text);
}
