/*
 * The sources of a reply as the store and other workers send them (SOURCES_RECORD). The first byte is the length of the reply's
 * text. Written again they are the same within the text, readers see no source that they cannot tell apart, and a passage
 * can still be cited.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/knowledge/citations.h"

static void
check_views(const struct citations *s)
{
	for (unsigned n = 0; n <= 255; n++) {
		const struct source_view view = citations_cited(s, (uint8_t)n);

		must(view.n == 0 || (view.n == n && n <= citations_n_cited(s)));
		must(utf8_valid(view.title) && utf8_valid(view.url));
		must(
		    view.url.len == 0 || strncasecmp((const char *)view.url.p, "http", 4) == 0);
	}
}

static struct citations *
check(struct citations *s, size_t text, struct buf *out)
{
	must(citations_n_passages(s) <= CITATIONS_PASSAGES_MAX);
	must(citations_n_marks(s) <= CITATIONS_MARKS_MAX);
	check_views(s);
	buf_init(out, 65536);
	citations_write(s, text, out);
	return citations_read(buf_slice(out));
}

/* Cites passages behind the text, as the model does. */
static void
cite_all(struct citations *s, size_t text)
{
	for (unsigned i = 0; i <= citations_n_passages(s) + 1; i++) {
		const size_t marks = citations_n_marks(s);

		if (citations_cite(s, i, text)) {
			must(citations_n_marks(s) == marks + 1);
			must(citations_passage(s, i - 1)->n > 0);
			must(citations_mark(s, marks).n == citations_passage(s, i - 1)->n);
		}
	}
}

FUZZ(citations)
{
	size_t text = fuzz_byte(&in);
	struct citations *s = citations_read(in), *again, *more;
	struct buf first, second, third;

	if (s == NULL)
		return;
	again = check(s, text, &first);
	must(again != NULL && citations_n_passages(again) <= citations_n_passages(s));
	more = check(again, text, &second);
	must(more != NULL && slice_eq(buf_slice(&first), buf_slice(&second)));
	cite_all(more, text);
	citations_free(check(more, text, &third));
	buf_clear(&first);
	buf_clear(&second);
	buf_clear(&third);
	citations_free(s);
	citations_free(again);
	citations_free(more);
}
