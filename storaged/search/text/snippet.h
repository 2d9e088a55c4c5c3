/*
 * The part of a text to show for a match, with the places that match.
 */
#ifndef STORAGED_SEARCH_TEXT_SNIPPET_H
#define STORAGED_SEARCH_TEXT_SNIPPET_H

#include "storaged/search/text/query.h"

#define SNIPPET_MAX       300 /* bytes of text */
#define SNIPPET_MARKS_MAX 32

struct snippet_mark {
	uint16_t start, end; /* bytes of the snippet */
};

struct snippet {
	struct slice text; /* a part of the text it was made from */
	bool from_start, to_end;
	struct snippet_mark
	    marks[SNIPPET_MARKS_MAX]; /* in their order, apart from each other */
	size_t n_marks;
};

/* Makes the snippet around the first match of the query in a text (valid UTF-8). A text without a match gives
 * its beginning. */
void snippet_make(struct snippet *s, const struct query *q, struct slice text);

#endif
