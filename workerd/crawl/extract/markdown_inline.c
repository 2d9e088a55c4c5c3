#include "workerd/crawl/extract/markdown_inline.h"

#include <string.h>

/* Links in links in links … : deeper ones stay as they are. */
#define DEPTH_MAX 8

/* Longer runs of a mark are no emphasis. */
#define RUN_MAX 4

static struct slice
markdown_inline_rest(struct slice s, size_t from)
{
	return (struct slice){s.p + from, s.len - from};
}

/* The place of c in s, not behind a backslash; s.len: none. */
static size_t
markdown_inline_find(struct slice s, uint8_t c)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == c)
			return i;
	}
	return s.len;
}

static size_t
markdown_inline_run(struct slice s, uint8_t c)
{
	size_t n = 0;

	while (n < s.len && s.p[n] == c)
		n++;
	return n;
}

/* `code`, also with several backticks: the bytes it takes, or 0 if it does not end. */
static size_t
markdown_inline_code(struct slice s, struct slice *code)
{
	size_t ticks = markdown_inline_run(s, '`');

	for (size_t i = ticks; i < s.len;) {
		size_t n = markdown_inline_run(markdown_inline_rest(s, i), '`');

		if (n == ticks) {
			*code = (struct slice){s.p + ticks, i - ticks};
			return i + n;
		}
		i += n > 0 ? n : 1;
	}
	return 0;
}

/* [text](target), [text][label] or [text]: the bytes it takes; 0: a bracket alone. */
static size_t
markdown_inline_link(struct slice s, struct slice *text)
{
	size_t end = 0, depth = 0, n;
	struct slice rest;

	for (; end < s.len; end++) {
		if (s.p[end] == '\\')
			end++;
		else if (s.p[end] == '[')
			depth++;
		else if (s.p[end] == ']' && --depth == 0)
			break;
	}
	if (end >= s.len)
		return 0;
	*text = (struct slice){s.p + 1, end - 1};
	rest = markdown_inline_rest(s, end + 1);
	if (rest.len > 0 && (rest.p[0] == '(' || rest.p[0] == '[')) {
		n = markdown_inline_find(rest, rest.p[0] == '(' ? ')' : ']');
		if (n < rest.len)
			return end + 1 + n + 1;
	}
	return 0;
}

/* <b>, </b>, <!-- … -->: the bytes it takes. <https://…> is a link, whose text stays. */
static size_t
markdown_inline_tag(struct slice s)
{
	size_t end = markdown_inline_find(s, '>');
	uint8_t c = s.len > 1 ? s.p[1] : 0;

	if (end == s.len || memchr(s.p, ':', end) != NULL)
		return 0;
	return c == '/' || c == '!' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    ? end + 1
	    : 0;
}

/* Whether a mark of emphasis is at this place: a run of its character beside a word. snake_case has none. */
static bool
markdown_inline_is_mark(struct slice s, size_t i)
{
	uint8_t c = s.p[i];
	size_t start = i, end = i + 1;
	bool before, behind;

	if (c != '*' && c != '_' && c != '~')
		return false;
	while (start > 0 && s.p[start - 1] == c && i - start < RUN_MAX)
		start--;
	while (end < s.len && s.p[end] == c && end - i < RUN_MAX)
		end++;
	before = start > 0 && s.p[start - 1] != ' ';
	behind = end < s.len && s.p[end] != ' ';
	if (c == '~')
		return end - start == 2;
	return c == '*' ? before || behind : before != behind;
}

static bool
markdown_inline_is_punctuation(uint8_t c)
{
	return (c > ' ' && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') ||
	    (c > 'z' && c < 0x7f);
}

/* Lines that are left to write: a link's text comes before what is behind it. */
struct todo {
	struct slice lines[DEPTH_MAX];
	size_t n;
};

/* Writes the construct at the front of s, or one byte of text; returns the bytes it takes. The text of a link goes to
 * *inner. */
static size_t
markdown_inline_step(
    struct writer *w, struct slice s, size_t at, bool nest, struct slice *inner)
{
	struct slice rest = markdown_inline_rest(s, at), code;
	uint8_t c = rest.p[0];
	size_t n = 0;

	inner->len = 0;
	if (c == '\\' && rest.len > 1 && markdown_inline_is_punctuation(rest.p[1])) {
		writer_text(w, (struct slice){rest.p + 1, 1});
		return 2;
	}
	if (c == '`' && (n = markdown_inline_code(rest, &code)) > 0)
		writer_text(w, code);
	else if (c == '!' && rest.len > 1 && rest.p[1] == '[' && nest &&
	    (n = markdown_inline_link(markdown_inline_rest(rest, 1), inner)) > 0)
		n++;
	else if (c == '[' && nest)
		n = markdown_inline_link(rest, inner);
	else if (c == '<')
		n = markdown_inline_tag(rest);
	if (n == 0)
		inner->len = 0; /* brackets that are no link */
	if (n == 0 && markdown_inline_is_mark(s, at))
		return 1;
	return n;
}

/* The number of bytes at the front that have no meaning for Markdown. */
static size_t
markdown_inline_plain(struct slice s)
{
	size_t n = 0;

	while (n < s.len && (s.p[n] >= 0x80 || strchr("\\`![<*~_", s.p[n]) == NULL))
		n++;
	return n;
}

static void
markdown_inline_line(struct writer *w, struct todo *todo)
{
	struct slice s = todo->lines[--todo->n], inner;

	for (size_t at = 0; at < s.len;) {
		size_t n = markdown_inline_plain(markdown_inline_rest(s, at));

		writer_text(w, (struct slice){s.p + at, n});
		at += n;
		if (at == s.len)
			break;
		n = markdown_inline_step(w, s, at, todo->n + 2 <= DEPTH_MAX, &inner);
		if (n == 0) {
			writer_text(w, (struct slice){s.p + at, 1});
			n = 1;
		}
		at += n;
		if (inner.len > 0) {
			todo->lines[todo->n++] = markdown_inline_rest(s, at);
			todo->lines[todo->n++] = inner;
			return;
		}
	}
}

void
markdown_inline_write(struct writer *w, struct slice line)
{
	struct todo todo = {.lines = {line}, .n = 1};

	while (todo.n > 0)
		markdown_inline_line(w, &todo);
}
