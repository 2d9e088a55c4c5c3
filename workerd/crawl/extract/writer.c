#include "workerd/crawl/extract/writer.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

enum character { CHAR_PLAIN, CHAR_SPACE, CHAR_LINE, CHAR_INVISIBLE };

void
writer_init(struct writer *w)
{
	memset(w, 0, sizeof(*w));
	buf_init(&w->blocks, DOCUMENT_MAX - 4096);
	buf_init(&w->text, DOCUMENT_TEXT_MAX);
	buf_init(&w->joined, DOCUMENT_TEXT_MAX);
}

void
writer_clear(struct writer *w)
{
	buf_clear(&w->blocks);
	buf_clear(&w->text);
	buf_clear(&w->joined);
}

static void
writer_add(struct writer *w, const void *p, size_t n)
{
	if (!w->failed && buf_append(&w->text, p, n) == -1)
		w->failed = true;
}

static uint32_t
writer_decode(const uint8_t *p, size_t len)
{
	switch (len) {
	case 1:
		return p[0];
	case 2:
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	case 3:
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	default:
		return 0x10000; /* all of these are plain */
	}
}

static enum character
writer_character(uint32_t c)
{
	if (c == '\n' || c == 0x2028 || c == 0x2029)
		return CHAR_LINE;
	if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == 0xa0 ||
	    (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000)
		return CHAR_SPACE;
	/* Soft hyphen, zero width space, directions, word joiner, byte order mark. */
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x200b || c == 0x200e ||
	    c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) ||
	    c == 0xfeff)
		return CHAR_INVISIBLE;
	return CHAR_PLAIN;
}

/* The number of bytes at the front that are printable ASCII without spaces. */
static size_t
writer_run(struct slice text)
{
	size_t n = 0;

	while (n < text.len && text.p[n] > ' ' && text.p[n] < 0x7f)
		n++;
	return n;
}

/* Takes a run of plain bytes, or one character. */
static enum character
writer_take(struct slice *text, struct slice *taken)
{
	size_t n = writer_run(*text);
	enum character kind = CHAR_PLAIN;

	if (n == 0) {
		n = utf8_char(*text);
		must(n > 0);
		kind = writer_character(writer_decode(text->p, n));
	}
	*taken = (struct slice){text->p, n};
	text->p += n;
	text->len -= n;
	return kind;
}

static bool
writer_ends_with(const struct writer *w, uint8_t c)
{
	size_t n = buf_len(&w->text);

	return n > 0 && buf_data(&w->text)[n - 1] == c;
}

static bool
writer_needs_space(const struct writer *w)
{
	return buf_len(&w->text) > 0 && !writer_ends_with(w, '\n') && !writer_ends_with(w, ' ');
}

void
writer_text(struct writer *w, struct slice text)
{
	struct slice taken;

	while (text.len > 0 && !w->failed) {
		switch (writer_take(&text, &taken)) {
		case CHAR_SPACE:
		case CHAR_LINE:
			w->space = true;
			break;
		case CHAR_INVISIBLE:
			break;
		case CHAR_PLAIN:
			if (w->space && writer_needs_space(w))
				writer_add(w, " ", 1);
			w->space = false;
			writer_add(w, taken.p, taken.len);
			break;
		}
	}
}

void
writer_code(struct writer *w, struct slice text)
{
	struct slice taken;

	while (text.len > 0 && !w->failed) {
		enum character kind = writer_take(&text, &taken);

		if (kind == CHAR_LINE)
			writer_add(w, "\n", 1);
		else if (kind == CHAR_PLAIN || taken.p[0] == ' ' || taken.p[0] == '\t')
			writer_add(w, taken.p, taken.len);
		else if (kind == CHAR_SPACE && taken.p[0] != '\r')
			writer_add(w, " ", 1);
	}
}

void
writer_space(struct writer *w)
{
	w->space = true;
}

void
writer_line(struct writer *w)
{
	if (buf_len(&w->text) > 0 && !writer_ends_with(w, '\n'))
		writer_add(w, "\n", 1);
	w->space = false;
}

void
writer_unhyphenate(struct writer *w)
{
	if (writer_ends_with(w, '-'))
		buf_truncate(&w->text, buf_len(&w->text) - 1);
	w->space = false;
}

void
writer_row(struct writer *w)
{
	writer_end_row(w);
	writer_line(w);
	w->row = buf_len(&w->text);
	w->cells = 0;
}

void
writer_cell(struct writer *w)
{
	if (w->cells++ > 0)
		writer_add(w, " | ", 3);
	w->space = false;
}

void
writer_end_row(struct writer *w)
{
	const uint8_t *text = buf_data(&w->text);
	size_t n = buf_len(&w->text);

	while (n > w->row && (text[n - 1] == ' ' || text[n - 1] == '|'))
		n--;
	if (n == w->row)
		buf_truncate(&w->text, n);
	while (writer_ends_with(w, ' '))
		buf_truncate(&w->text, buf_len(&w->text) - 1);
	w->cells = 0;
}

static bool
writer_is_bar(uint8_t c)
{
	return c == ' ' || c == '|' || c == '\n';
}

void
writer_end_table(struct writer *w)
{
	struct slice text = writer_current(w);

	if (memchr(text.p, '\n', text.len) != NULL) {
		writer_end(w, BLOCK_TABLE, 0);
		return;
	}
	while (text.len > 0 && writer_is_bar(text.p[text.len - 1]))
		text.len--;
	while (text.len > 0 && writer_is_bar(text.p[0]))
		text = (struct slice){text.p + 1, text.len - 1};
	writer_block(w, BLOCK_PARAGRAPH, 0, text);
	writer_drop(w);
}

bool
writer_has_text(const struct writer *w)
{
	return writer_current(w).len > 0;
}

struct slice
writer_current(const struct writer *w)
{
	return utf8_trim(buf_slice(&w->text));
}

/* Without empty lines around it. */
static struct slice
writer_trim_code(struct slice text)
{
	struct slice trimmed = utf8_trim(text);

	if (trimmed.len == 0)
		return trimmed;
	while (trimmed.p > text.p && trimmed.p[-1] != '\n') {
		trimmed.p--;
		trimmed.len++;
	}
	return trimmed;
}

/* The text of an item behind its prefix; the next one has only the indentation. */
static struct slice
writer_join(struct writer *w, struct slice text)
{
	size_t n = strlen(w->prefix);

	buf_reset(&w->joined);
	if (buf_append(&w->joined, w->prefix, n) == -1 ||
	    buf_append(&w->joined, text.p, text.len) == -1)
		w->failed = true;
	memset(w->prefix, ' ', n);
	return buf_slice(&w->joined);
}

void
writer_block(struct writer *w, enum block_kind kind, uint8_t level, struct slice text)
{
	struct block block = {.level = level, .anchor = w->anchor, .text = text};

	if (text.len == 0 || w->failed)
		return;
	/* A longer heading is text whose markup is wrong. */
	if (kind == BLOCK_HEADING && text.len > DOCUMENT_HEADING_MAX) {
		kind = BLOCK_PARAGRAPH;
		block.level = 0;
	}
	block.kind = (uint8_t)kind;
	if (block.anchor.len == 0 && (kind == BLOCK_HEADING || kind == BLOCK_TERM))
		block.anchor = w->weak_anchor;
	if (block.anchor.len == 0)
		block.anchor = slice_str("");
	if (kind == BLOCK_ITEM)
		block.text = writer_join(w, text);
	if (document_add_block(&w->blocks, &block) == -1)
		w->failed = true;
	w->written += text.len;
	w->anchor.len = w->weak_anchor.len = 0;
}

void
writer_end(struct writer *w, enum block_kind kind, uint8_t level)
{
	struct slice text = buf_slice(&w->text);

	writer_block(
	    w, kind, level, kind == BLOCK_CODE ? writer_trim_code(text) : utf8_trim(text));
	writer_drop(w);
}

void
writer_drop(struct writer *w)
{
	buf_reset(&w->text);
	w->space = false;
	w->row = w->cells = 0;
}

void
writer_prefix(struct writer *w, const char *prefix)
{
	size_t n = strnlen(prefix, WRITER_PREFIX_MAX - 1);

	memcpy(w->prefix, prefix, n);
	w->prefix[n] = '\0';
}

void
writer_place(struct writer *w, struct slice anchor, bool weak)
{
	if (anchor.len == 0 || anchor.len > DOCUMENT_ANCHOR_MAX || !utf8_is_line(anchor) ||
	    memchr(anchor.p, ' ', anchor.len) != NULL)
		return;
	if (weak)
		w->weak_anchor = anchor;
	else
		w->anchor = anchor;
}

void
writer_forget_places(struct writer *w)
{
	w->anchor = w->weak_anchor = slice_str("");
}

bool
writer_failed(const struct writer *w)
{
	return w->failed;
}
