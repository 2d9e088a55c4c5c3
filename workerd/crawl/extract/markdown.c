#include "workerd/crawl/extract/markdown.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/crawl/extract/markdown_inline.h"
#include "workerd/crawl/extract/plain.h"

struct markdown {
	struct outcome *out;
	struct writer *w;
	struct slice rest;     /* the lines that follow */
	enum block_kind kind;  /* of the current block */
	bool comment;          /* we are in one */
	struct slice previous; /* the line before, of a paragraph of one line; empty: none */
};

static void
markdown_end(struct markdown *m)
{
	writer_end(m->w, m->kind, 0);
	m->kind = BLOCK_PARAGRAPH;
}

static bool
markdown_starts(struct slice line, const char *prefix)
{
	size_t n = strlen(prefix);

	return line.len >= n && memcmp(line.p, prefix, n) == 0;
}

static size_t
markdown_indent(struct slice line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.len && (line.p[i] == ' ' || line.p[i] == '\t'); i++)
		n += line.p[i] == '\t' ? 4 : 1;
	return n;
}

/* Whether the line consists of at least n times c, and of spaces. */
static bool
markdown_is_rule(struct slice line, char c, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < line.len; i++) {
		if (line.p[i] == (uint8_t)c)
			count++;
		else if (line.p[i] != ' ')
			return false;
	}
	return count >= n;
}

/* "title: …" of the front matter. */
static void
markdown_front_title(struct markdown *m, struct slice line)
{
	struct slice title;

	if (line.len < 6 || strncasecmp((const char *)line.p, "title:", 6) != 0)
		return;
	title = utf8_trim((struct slice){line.p + 6, line.len - 6});
	if (title.len >= 2 && (title.p[0] == '"' || title.p[0] == '\'') &&
	    title.p[title.len - 1] == title.p[0])
		title = (struct slice){title.p + 1, title.len - 2};
	outcome_title(m->out, title);
}

/* Skips YAML or TOML between two lines of marks at the very beginning. */
static void
markdown_front_matter(struct markdown *m)
{
	struct slice rest = m->rest, line, mark;

	if (!plain_next_line(&rest, &mark))
		return;
	mark = utf8_trim(mark);
	if (!slice_eq_str(mark, "---") && !slice_eq_str(mark, "+++"))
		return;
	while (plain_next_line(&rest, &line)) {
		if (slice_eq(utf8_trim(line), mark)) {
			m->rest = rest;
			return;
		}
		markdown_front_title(m, line);
	}
}

/* The {#id} at the end of a heading: its anchor, which is cut off. */
static void
markdown_heading_id(struct markdown *m, struct slice *text)
{
	size_t at = text->len;

	if (text->len == 0 || text->p[text->len - 1] != '}')
		return;
	while (at > 0 && text->p[at - 1] != '{')
		at--;
	if (at == 0 || at + 1 >= text->len || text->p[at] != '#')
		return;
	writer_place(m->w, (struct slice){text->p + at + 1, text->len - at - 2}, false);
	text->len = at - 1;
}

static void
markdown_heading(struct markdown *m, struct slice text, uint8_t level)
{
	text = utf8_trim(text);
	markdown_heading_id(m, &text);
	markdown_inline_write(m->w, text);
	if (level == 1)
		outcome_title(m->out, writer_current(m->w));
	writer_end(m->w, BLOCK_HEADING, level);
	writer_forget_places(m->w);
}

/* "## Heading ##". False: it is none. */
static bool
markdown_atx(struct markdown *m, struct slice line)
{
	size_t level = 0;

	while (level < line.len && line.p[level] == '#')
		level++;
	if (level == 0 || level > DOCUMENT_LEVELS ||
	    (level < line.len && line.p[level] != ' ' && line.p[level] != '\t'))
		return false;
	markdown_end(m);
	line = utf8_trim((struct slice){line.p + level, line.len - level});
	while (line.len > 0 && line.p[line.len - 1] == '#')
		line.len--;
	markdown_heading(m, line, (uint8_t)level);
	return true;
}

/* A line of = or - below a paragraph of one line. */
static bool
markdown_setext(struct markdown *m, struct slice line)
{
	struct slice text = m->previous;
	bool first = markdown_is_rule(line, '=', 2);

	if (text.len == 0 || (!first && !markdown_is_rule(line, '-', 2)) ||
	    memchr(line.p, ' ', line.len) != NULL)
		return false;
	writer_drop(m->w);
	markdown_heading(m, text, first ? 1 : 2);
	return true;
}

/* The fence of code at the front of a line: its length, and its character. */
static size_t
markdown_fence(struct slice line, uint8_t *c)
{
	size_t n = 0;

	*c = line.len > 0 ? line.p[0] : 0;
	if (*c != '`' && *c != '~')
		return 0;
	while (n < line.len && line.p[n] == *c)
		n++;
	return n >= 3 ? n : 0;
}

static struct slice
markdown_unindent(struct slice line, size_t n)
{
	while (n > 0 && line.len > 0 && line.p[0] == ' ') {
		line.p++;
		line.len--;
		n--;
	}
	return line;
}

/* Reads up to the closing fence, or to the end. */
static void
markdown_fenced(struct markdown *m, size_t fence, uint8_t c, size_t indent)
{
	struct slice line;

	markdown_end(m);
	while (plain_next_line(&m->rest, &line)) {
		uint8_t other;
		struct slice text = utf8_trim(line);

		if (markdown_fence(text, &other) >= fence && other == c &&
		    markdown_is_rule(text, (char)c, fence))
			break;
		writer_code(m->w, markdown_unindent(line, indent));
		writer_code(m->w, slice_str("\n"));
	}
	writer_end(m->w, BLOCK_CODE, 0);
}

/* Code that four spaces mark, behind an empty line. */
static void
markdown_indented(struct markdown *m, struct slice line)
{
	struct slice rest = m->rest;

	do {
		m->rest = rest;
		if (line.len > 0 && line.p[0] == '\t')
			line = (struct slice){line.p + 1, line.len - 1};
		else
			line = markdown_unindent(line, 4);
		writer_code(m->w, line);
		writer_code(m->w, slice_str("\n"));
	} while (plain_next_line(&rest, &line) &&
	    (markdown_indent(line) >= 4 || utf8_trim(line).len == 0));
	writer_end(m->w, BLOCK_CODE, 0);
}

/* "| --- | :-: |" below the head of a table. */
static bool
markdown_is_delimiter(struct slice line)
{
	bool bar = false, dash = false;

	for (size_t i = 0; i < line.len; i++) {
		if (strchr("|-: \t", line.p[i]) == NULL || line.p[i] == 0)
			return false;
		bar |= line.p[i] == '|';
		dash |= line.p[i] == '-';
	}
	return bar && dash;
}

static bool
markdown_begins_table(const struct markdown *m, struct slice line)
{
	struct slice rest = m->rest, next;

	return memchr(line.p, '|', line.len) != NULL && plain_next_line(&rest, &next) &&
	    markdown_is_delimiter(utf8_trim(next));
}

static void
markdown_row(struct markdown *m, struct slice line)
{
	size_t start = 0;

	if (line.p[0] == '|')
		line = (struct slice){line.p + 1, line.len - 1};
	if (line.len > 0 && line.p[line.len - 1] == '|')
		line.len--;
	writer_row(m->w);
	for (size_t i = 0; i <= line.len; i++) {
		if (i < line.len && line.p[i] == '\\') {
			i++;
			continue;
		}
		if (i < line.len && line.p[i] != '|')
			continue;
		writer_cell(m->w);
		markdown_inline_write(
		    m->w, utf8_trim((struct slice){line.p + start, i - start}));
		start = i + 1;
	}
	writer_end_row(m->w);
}

static void
markdown_table(struct markdown *m, struct slice line)
{
	struct slice rest;

	markdown_end(m);
	markdown_row(m, line);
	(void)plain_next_line(&m->rest, &line); /* the delimiter */
	for (rest = m->rest; plain_next_line(&rest, &line); m->rest = rest) {
		line = utf8_trim(line);
		if (line.len == 0 || memchr(line.p, '|', line.len) == NULL)
			break;
		markdown_row(m, line);
	}
	writer_end_table(m->w);
}

/* The bytes of the bullet or number of a list item, with the space behind it; 0: it is none. */
static size_t
markdown_bullet(struct slice line)
{
	size_t n = 0;

	if (line.len >= 2 && strchr("-*+", line.p[0]) != NULL && line.p[0] != 0)
		return line.p[1] == ' ' || line.p[1] == '\t' ? 2 : 0;
	while (n < line.len && n < 9 && line.p[n] >= '0' && line.p[n] <= '9')
		n++;
	if (n == 0 || n + 1 >= line.len || (line.p[n] != '.' && line.p[n] != ')'))
		return 0;
	return line.p[n + 1] == ' ' ? n + 2 : 0;
}

static void
markdown_item(struct markdown *m, struct slice line, size_t bullet, size_t indent)
{
	int depth = indent < 8 ? (int)(indent / 2) : 4;
	char prefix[WRITER_PREFIX_MAX];

	markdown_end(m);
	if (line.p[0] >= '0' && line.p[0] <= '9')
		(void)snprintf(prefix, sizeof(prefix), "%*s%.*s", 2 * depth, "", (int)bullet,
		    (const char *)line.p);
	else
		(void)snprintf(prefix, sizeof(prefix), "%*s- ", 2 * depth, "");
	writer_prefix(m->w, prefix);
	m->kind = BLOCK_ITEM;
	markdown_inline_write(m->w, (struct slice){line.p + bullet, line.len - bullet});
}

/* Comments may be longer than a line. True: the line belongs to one. */
static bool
markdown_comment(struct markdown *m, struct slice line)
{
	bool inside = m->comment || markdown_starts(line, "<!--");

	if (inside)
		m->comment = memmem(line.p, line.len, "-->", 3) == NULL;
	return inside;
}

static void
markdown_text(struct markdown *m, struct slice line)
{
	bool first = !writer_has_text(m->w);

	writer_space(m->w);
	markdown_inline_write(m->w, line);
	m->previous = first && m->kind == BLOCK_PARAGRAPH ? line : slice_str("");
}

/* A line that is not empty. */
static void
markdown_line(struct markdown *m, struct slice whole)
{
	size_t indent = markdown_indent(whole), bullet, fence;
	struct slice line = utf8_trim(whole);
	uint8_t c;

	while (line.len > 0 && line.p[0] == '>')
		line = utf8_trim((struct slice){line.p + 1, line.len - 1});
	if (line.len == 0) {
		markdown_end(m);
		return;
	}
	if (markdown_comment(m, line) || markdown_setext(m, line) || markdown_atx(m, line))
		return;
	m->previous = slice_str("");
	fence = markdown_fence(line, &c);
	bullet = markdown_bullet(line);
	if (fence > 0)
		markdown_fenced(m, fence, c, indent);
	else if (markdown_is_rule(line, '-', 3) || markdown_is_rule(line, '*', 3) ||
	    markdown_is_rule(line, '_', 3))
		markdown_end(m);
	else if (indent >= 4 && bullet == 0 && m->kind == BLOCK_PARAGRAPH &&
	    !writer_has_text(m->w))
		markdown_indented(m, whole);
	else if (markdown_begins_table(m, line))
		markdown_table(m, line);
	else if (bullet > 0)
		markdown_item(m, line, bullet, indent);
	else
		markdown_text(m, line);
}

void
markdown_read(struct outcome *out, struct slice text)
{
	struct markdown m = {.out = out,
	    .w = &out->writer,
	    .rest = text,
	    .kind = BLOCK_PARAGRAPH,
	    .previous = slice_str("")};
	struct slice line;

	markdown_front_matter(&m);
	while (plain_next_line(&m.rest, &line) && !writer_failed(m.w)) {
		if (utf8_trim(line).len > 0) {
			markdown_line(&m, line);
		} else {
			markdown_end(&m);
			m.previous = slice_str("");
		}
	}
	markdown_end(&m);
}
