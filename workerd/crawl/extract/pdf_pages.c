#include "workerd/crawl/extract/pdf_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/extract/plain.h"

#define TITLE_MAX     150 /* bytes of a first line that is a title */
#define HEADING_BYTES 100
#define REPEATED_MIN  3    /* pages that begin or end with the same line */
#define EDGES         4096 /* slots of the table of such lines: a power of two */
#define EDGE_PAGES    2000 /* of a longer document, only so many count */

/* How many pages begin or end with a line; numbers in it do not matter. Lines with equal hashes count together. */
struct edges {
	uint16_t counts[EDGES];
};

struct reading {
	struct outcome *out;
	const struct edges *edges;
	unsigned page;
	bool item;       /* the current block belongs to a list */
	char anchor[32]; /* of the page, for the writer */
};

static uint32_t
pdf_pages_hash(struct slice line)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < line.len; i++)
		if (line.p[i] < '0' || line.p[i] > '9')
			h = (h ^ line.p[i]) * 16777619u;
	return (h ^ h >> 16) & (EDGES - 1);
}

/* Takes the next page from text. */
static bool
pdf_pages_next(struct slice *text, struct slice *page)
{
	const uint8_t *end;

	if (text->len == 0)
		return false;
	end = memchr(text->p, '\f', text->len);
	page->p = text->p;
	page->len = end != NULL ? (size_t)(end - text->p) : text->len;
	text->p += page->len + (end != NULL);
	text->len -= page->len + (end != NULL);
	return true;
}

/* The first and the last line of a page that is not empty; without white space around them. */
static void
pdf_pages_edges(struct slice page, struct slice *first, struct slice *last)
{
	struct slice line;

	*first = *last = slice_str("");
	while (plain_next_line(&page, &line)) {
		line = utf8_trim(line);
		if (line.len == 0)
			continue;
		if (first->len == 0)
			*first = line;
		*last = line;
	}
}

static void
pdf_pages_count_edges(struct edges *edges, struct slice text)
{
	struct slice page, first, last;

	for (int i = 0; i < EDGE_PAGES && pdf_pages_next(&text, &page); i++) {
		pdf_pages_edges(page, &first, &last);
		if (first.len > 0)
			edges->counts[pdf_pages_hash(first)]++;
		if (last.len > 0 && last.p != first.p)
			edges->counts[pdf_pages_hash(last)]++;
	}
}

static bool
pdf_pages_is_number(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((line.p[i] < '0' || line.p[i] > '9') && strchr(" -/.|", line.p[i]) == NULL)
			return false;
	return true;
}

/* A running title, or the number of a page. */
static bool
pdf_pages_is_repeated(const struct edges *edges, struct slice line)
{
	return pdf_pages_is_number(line) || edges->counts[pdf_pages_hash(line)] >= REPEATED_MIN;
}

/* Whether a word goes on in the next line: "transfor-" and "mation". */
static bool
pdf_pages_is_hyphenated(struct slice text, struct slice next)
{
	return text.len >= 2 && text.p[text.len - 1] == '-' && text.p[text.len - 2] >= 'a' &&
	    text.p[text.len - 2] <= 'z' && next.len > 0 && next.p[0] >= 'a' && next.p[0] <= 'z';
}

/* The bytes of the bullet at the front of a line, with the space behind it; 0: none. */
static size_t
pdf_pages_bullet(struct slice line)
{
	static const char *const bullets[] = {"\xe2\x80\xa2", "\xe2\x97\x8f", "\xe2\x96\xaa",
	    "\xe2\x80\x93 ", "- ", "* ", "\xef\x82\xb7", "\xe2\x97\xa6"};

	for (size_t i = 0; i < ARRAY_LEN(bullets); i++) {
		size_t n = strlen(bullets[i]);

		if (line.len >= n && memcmp(line.p, bullets[i], n) == 0)
			return n;
	}
	return 0;
}

/* A line of a table of contents: "Installation . . . . . . 12". */
static bool
pdf_pages_is_contents(struct slice line)
{
	return memmem(line.p, line.len, ". . . . .", 9) != NULL ||
	    memmem(line.p, line.len, "........", 8) != NULL;
}

/* The level of a numbered heading such as "2.1 Returns" or "2.1. Returns"; 0: it is none. "2. Press" may be an item of a
 * list. */
static uint8_t
pdf_pages_heading(struct slice line)
{
	size_t i = 0;
	uint8_t level = 0;

	while (
	    i < line.len && line.p[i] >= '0' && line.p[i] <= '9' && level < DOCUMENT_LEVELS) {
		while (i < line.len && line.p[i] >= '0' && line.p[i] <= '9')
			i++;
		level++;
		if (i < line.len && line.p[i] == '.')
			i++;
	}
	if (level < 2 || i + 1 >= line.len || line.p[i] != ' ' || line.len > HEADING_BYTES)
		return 0;
	/* A number in a sentence, or the unit behind it, begins in lower case. */
	if (line.p[i + 1] >= 'a' && line.p[i + 1] <= 'z')
		return 0;
	return line.p[line.len - 1] == '.' || line.p[line.len - 1] == ',' ? 0 : level;
}

static void
pdf_pages_end(struct reading *r)
{
	/* A bullet by itself waits for its text. */
	if (r->item && !writer_has_text(&r->out->writer))
		return;
	writer_end(&r->out->writer, r->item ? BLOCK_ITEM : BLOCK_PARAGRAPH, 0);
	r->item = false;
}

static void
pdf_pages_line(struct reading *r, struct slice line)
{
	struct writer *w = &r->out->writer;
	size_t bullet = pdf_pages_bullet(line);
	uint8_t level = pdf_pages_heading(line);

	if (bullet > 0 || level > 0)
		pdf_pages_end(r);
	if (bullet > 0) {
		r->item = true;
		writer_prefix(w, "- ");
		line.p += bullet;
		line.len -= bullet;
	}
	if (pdf_pages_is_hyphenated(writer_current(w), line))
		writer_unhyphenate(w);
	else
		writer_space(w);
	writer_text(w, line);
	if (level > 0)
		writer_end(w, BLOCK_HEADING, level);
}

static void
pdf_pages_read_page(struct reading *r, struct slice page)
{
	struct writer *w = &r->out->writer;
	struct slice first, last, line;

	writer_place(w,
	    (struct slice){(const uint8_t *)r->anchor,
		(size_t)snprintf(r->anchor, sizeof(r->anchor), "page=%u", r->page)},
	    false);
	pdf_pages_edges(page, &first, &last);
	while (plain_next_line(&page, &line)) {
		line = utf8_trim(line);
		if (line.len == 0)
			pdf_pages_end(r);
		else if (!pdf_pages_is_contents(line) &&
		    ((line.p != first.p && line.p != last.p) ||
			!pdf_pages_is_repeated(r->edges, line)))
			pdf_pages_line(r, line);
	}
	pdf_pages_end(r);
	r->item = false;
	writer_forget_places(w);
}

static void
pdf_pages_title(struct outcome *out, struct slice text)
{
	struct slice page, first, last;

	if (!pdf_pages_next(&text, &page))
		return;
	pdf_pages_edges(page, &first, &last);
	if (first.len <= TITLE_MAX)
		outcome_title(out, first);
}

void
pdf_pages_read(struct outcome *out, struct slice text)
{
	struct edges *edges = xcalloc(1, sizeof(*edges));
	struct reading r = {.out = out, .edges = edges};
	struct slice page;

	pdf_pages_count_edges(edges, text);
	pdf_pages_title(out, text);
	while (pdf_pages_next(&text, &page)) {
		r.page++;
		pdf_pages_read_page(&r, page);
	}
	free(edges);
}
