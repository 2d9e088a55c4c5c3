/*
 * The headers and the text of a mail: lines of printable ASCII (and tabs, in the text) that are not too long, and exactly those
 * headers that were added, whatever their texts are.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/maild/mime.h"

#define OUT_MAX 65536u

/* Counts the headers; a folded line continues one. */
static size_t
check_lines(struct slice out, bool is_header)
{
	size_t column = 0, headers = 0;

	for (size_t i = 0; i < out.len; i++) {
		if (out.p[i] == '\r') {
			must(i + 1 < out.len && out.p[i + 1] == '\n');
			must(!is_header || column > 0);
			column = 0;
			i++;
			continue;
		}
		must((out.p[i] >= ' ' && out.p[i] <= '~') || (!is_header && out.p[i] == '\t'));
		headers += column == 0 && out.p[i] != ' ';
		must(++column <= 998 && (is_header || column <= MIME_LINE_MAX));
	}
	must(column == 0);
	return headers;
}

FUZZ(mime)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	if (mime_add_text(&out, "Subject", in) == 0 &&
	    mime_add_address(&out, "From", in, slice_str("a@b.example")) == 0)
		must(check_lines(buf_slice(&out), true) == 2);
	buf_reset(&out);
	if (mime_add_body(&out, in) == 0)
		(void)check_lines(buf_slice(&out), false);
	buf_clear(&out);
}
