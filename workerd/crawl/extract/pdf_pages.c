#include "workerd/crawl/extract/pdf_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/ipc/messages.h"
#include "workerd/crawl/extract/plain.h"

#define TITLE_MAX     150 /* bytes of a first line that is a title */
#define HEADING_BYTES 100
#define REPEATED_MIN  3    /* pages that begin or end with the same line */
#define EDGES         4096 /* slots of a table of such lines: a power of two */
#define EDGE_PAGES    2000 /* of a longer document, only so many count */

/* Lines at which pages begin or end. Lines with equal hashes count together. */
struct edges {
	uint16_t same[EDGES]; /* pages with this line */
	/* Pages with this line but for the numbers in it, if these count on with the pages. */
	struct counting {
		uint16_t pages;
		bool begun;
		long offset; /* of the line's number from the page's */
	} counting[EDGES];
};

struct reading {
	struct outcome *out;
	const struct edges *edges; /* NULL: no line is left out */
	unsigned page;
	bool item;       /* the current block belongs to a list */
	char anchor[32]; /* of the page, for the writer */
	bool more;       /* the page has lines besides its first and last one */
	/* Lines that were written once, as in edges. */
	bool seen_same[EDGES], seen_counting[EDGES];
};

static uint32_t
pdf_pages_hash(struct slice line, bool numbers)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < line.len; i++)
		if (numbers || line.p[i] < '0' || line.p[i] > '9')
			h = (h ^ line.p[i]) * 16777619u;
	return (h ^ h >> 16) & (EDGES - 1);
}

/* The first number of a line; -1: it has none. */
static long
pdf_pages_number(struct slice line)
{
	long n = 0;
	size_t i = 0;

	while (i < line.len && (line.p[i] < '0' || line.p[i] > '9'))
		i++;
	if (i == line.len)
		return -1;
	for (; i < line.len && line.p[i] >= '0' && line.p[i] <= '9' && n < 1000000; i++)
		n = n * 10 + (line.p[i] - '0');
	return n;
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

/* Whether a line says that its number is that of a page. Without such a word, the first line of a page is rather a
 * heading: "Room 12". */
static bool
pdf_pages_names_page(struct slice line)
{
	static const char *const words[] = {"page", "Page", "PAGE", "Seite", "p\xc3\xa1gina",
	    "P\xc3\xa1gina", "pagina", "Pagina", "strona", "Strona", "sida", "Sida", "side ",
	    "Side ", "\xd1\x81\xd1\x82\xd1\x80", "\xd0\xa1\xd1\x82\xd1\x80", "sayfa", "Sayfa",
	    "\xe9\xa1\xb5", "\xe9\xa0\x81", "\xe3\x83\x9a\xe3\x83\xbc\xe3\x82\xb8"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (memmem(line.p, line.len, words[i], strlen(words[i])) != NULL)
			return true;
	return false;
}

static void
pdf_pages_count_edge(struct edges *edges, struct slice line, int page, bool last)
{
	struct counting *c = &edges->counting[pdf_pages_hash(line, false)];
	long number = pdf_pages_number(line);

	edges->same[pdf_pages_hash(line, true)]++;
	if (number == -1 || (!last && !pdf_pages_names_page(line)))
		return;
	if (!c->begun)
		*c = (struct counting){.begun = true, .offset = number - page};
	if (c->offset == number - page)
		c->pages++;
}

static void
pdf_pages_count_edges(struct edges *edges, struct slice text)
{
	struct slice page, first, last;

	for (int i = 0; i < EDGE_PAGES && pdf_pages_next(&text, &page); i++) {
		pdf_pages_edges(page, &first, &last);
		if (first.len > 0)
			pdf_pages_count_edge(edges, first, i, false);
		if (last.len > 0 && last.p != first.p)
			pdf_pages_count_edge(edges, last, i, true);
	}
}

/* The bytes of an en dash or an em dash; 0: another character. */
static size_t
pdf_pages_dash(struct slice s)
{
	return s.len >= 3 &&
		(memcmp(s.p, "\xe2\x80\x93", 3) == 0 || memcmp(s.p, "\xe2\x80\x94", 3) == 0)
	    ? 3
	    : 0;
}

/* "12", "- 12 -", "12/40", "[12]" */
static bool
pdf_pages_is_number(struct slice line)
{
	while (line.len > 0) {
		const size_t dash = pdf_pages_dash(line), n = dash > 0 ? dash : 1;

		if (dash == 0 && (line.p[0] < '0' || line.p[0] > '9') &&
		    strchr(" -/.|()[]", line.p[0]) == NULL)
			return false;
		line = (struct slice){line.p + n, line.len - n};
	}
	return true;
}

/* Whether this is not the first time. */
static bool
pdf_pages_see(bool *seen)
{
	bool before = *seen;

	*seen = true;
	return before;
}

/* A running title that was written before, or the number of a page. A page of a few lines may be a list: its numbers count
 * on, too. */
static bool
pdf_pages_is_repeated(struct reading *r, struct slice line)
{
	const uint32_t same = pdf_pages_hash(line, true),
		       counting = pdf_pages_hash(line, false);

	if (pdf_pages_is_number(line))
		return true;
	if (r->edges->same[same] >= REPEATED_MIN)
		return pdf_pages_see(&r->seen_same[same]);
	return r->more && r->edges->counting[counting].pages >= REPEATED_MIN &&
	    pdf_pages_see(&r->seen_counting[counting]);
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

/* Whether the fonts of a page do not tell which characters it shows: more than a third of them are invalid or for private
 * use. Some bullets are. */
static bool
pdf_pages_is_unreadable(struct slice page)
{
	size_t all = 0, unreadable = 0;

	for (size_t n; page.len > 0; page = (struct slice){page.p + n, page.len - n}) {
		n = utf8_char(page);
		must(n > 0);
		all += page.p[0] > ' ';
		/* U+E000 to U+F8FF, U+FFFD, and planes 15 and 16 */
		unreadable += page.p[0] == 0xee || (page.p[0] == 0xef && page.p[1] <= 0xa3) ||
		    (n == 3 && memcmp(page.p, "\xef\xbf\xbd", 3) == 0) || page.p[0] > 0xf3 ||
		    (page.p[0] == 0xf3 && page.p[1] >= 0xb0);
	}
	return unreadable > all / 3;
}

/* Whether a line of a page belongs to its text. The only lines of a page do. */
static bool
pdf_pages_has_line(struct reading *r, struct slice line, struct slice first, struct slice last)
{
	const bool edge = line.p == first.p || line.p == last.p;

	if (pdf_pages_is_contents(line))
		return false;
	return r->edges == NULL || !edge || !pdf_pages_is_repeated(r, line);
}

static void
pdf_pages_read_lines(struct reading *r, struct slice page)
{
	struct slice first, last, line;

	pdf_pages_edges(page, &first, &last);
	while (plain_next_line(&page, &line)) {
		line = utf8_trim(line);
		if (line.len == 0)
			pdf_pages_end(r);
		else if (pdf_pages_has_line(r, line, first, last))
			pdf_pages_line(r, line);
	}
	pdf_pages_end(r);
}

/* Whether a page has more lines than those at which it begins and ends. */
static bool
pdf_pages_has_middle(struct slice page)
{
	struct slice first, last, line;

	pdf_pages_edges(page, &first, &last);
	while (plain_next_line(&page, &line)) {
		line = utf8_trim(line);
		if (line.len > 0 && line.p != first.p && line.p != last.p)
			return true;
	}
	return false;
}

static void
pdf_pages_read_page(struct reading *r, struct slice page)
{
	struct writer *w = &r->out->writer;

	writer_place(w,
	    (struct slice){(const uint8_t *)r->anchor,
		(size_t)snprintf(r->anchor, sizeof(r->anchor), "page=%u", r->page)},
	    false);
	r->more = pdf_pages_has_middle(page);
	pdf_pages_read_lines(r, page);
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

/* Reads the pages that are readable. Returns whether one is not. */
static bool
pdf_pages_read_all(struct outcome *out, const struct edges *edges, struct slice text)
{
	struct reading *r = xcalloc(1, sizeof(*r));
	struct slice page;
	bool unreadable = false;

	r->out = out;
	r->edges = edges;
	while (pdf_pages_next(&text, &page)) {
		r->page++;
		if (pdf_pages_is_unreadable(page))
			unreadable = true;
		else
			pdf_pages_read_page(r, page);
	}
	free(r);
	return unreadable;
}

void
pdf_pages_read(struct outcome *out, struct slice text)
{
	struct edges *edges = xcalloc(1, sizeof(*edges));
	bool unreadable;

	pdf_pages_count_edges(edges, text);
	pdf_pages_title(out, text);
	unreadable = pdf_pages_read_all(out, edges, text);
	/* Its pages consist of what other documents repeat. */
	if (out->writer.written == 0)
		(void)pdf_pages_read_all(out, NULL, text);
	if (out->writer.written == 0 && unreadable)
		outcome_fail(out, REASON_EMPTY,
		    "the fonts of this PDF do not tell which characters it shows");
	free(edges);
}
