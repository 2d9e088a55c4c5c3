#include "proto/text/markdown_code.h"

#include <string.h>

#define FENCE_MIN 3

static bool
markdown_code_is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
markdown_code_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* What may stand before a fence in its line: indentation, and the marks of quotes and lists. */
static bool
markdown_code_is_before_fence(uint8_t c)
{
	return markdown_code_is_space(c) || markdown_code_is_digit(c) ||
	    memchr(">-*+.)", c, 6) != NULL;
}

static bool
markdown_code_run_is_fence(const struct markdown_code *m)
{
	return m->run_is_first && m->run_length >= FENCE_MIN;
}

/* A run of backticks or tildes is over. */
static void
markdown_code_end_run(struct markdown_code *m)
{
	const bool ticks = m->run == '`', fence = markdown_code_run_is_fence(m);

	if (m->in == MARKDOWN_NO_CODE && (ticks || fence)) {
		m->in = fence ? MARKDOWN_OPENING : MARKDOWN_SPAN;
		m->fence = m->run;
		m->fence_length = m->run_length;
	} else if (m->in == MARKDOWN_OPENING && ticks && m->fence == '`') {
		/* The rest of an opening line has no backtick (CommonMark, section 4.5). */
		m->in = m->run_length == m->fence_length ? MARKDOWN_NO_CODE : MARKDOWN_SPAN;
	} else if (m->in == MARKDOWN_SPAN && ticks && m->run_length == m->fence_length) {
		m->in = MARKDOWN_NO_CODE;
	} else if (m->in == MARKDOWN_BLOCK && fence && m->run == m->fence &&
	    m->run_length >= m->fence_length) {
		m->is_closing = true;
	}
	m->run = 0;
	m->run_length = 0;
}

/* A line is over, and with it a span: a backtick without its pair must not keep the marks of all that follows. */
static void
markdown_code_end_line(struct markdown_code *m)
{
	if (m->in == MARKDOWN_SPAN || (m->in == MARKDOWN_BLOCK && m->is_closing))
		m->in = MARKDOWN_NO_CODE;
	else if (m->in == MARKDOWN_OPENING)
		m->in = MARKDOWN_BLOCK;
	m->in_line = m->is_closing = false;
}

bool
markdown_code_read(struct markdown_code *m, uint8_t c)
{
	const bool escaped = m->escaped && m->in == MARKDOWN_NO_CODE;
	const bool in_run = (c == '`' || c == '~') && !escaped;

	m->escaped = c == '\\' && !escaped;
	if (m->run != 0 && (!in_run || c != m->run))
		markdown_code_end_run(m);
	if (in_run) {
		if (m->run == 0)
			m->run_is_first = !m->in_line;
		m->run = c;
		m->run_length++;
	} else if (c == '\n') {
		markdown_code_end_line(m);
	} else if (!markdown_code_is_space(c)) {
		m->is_closing = false;
	}
	if (c != '\n' && !markdown_code_is_before_fence(c))
		m->in_line = true;
	return escaped || in_run || m->in != MARKDOWN_NO_CODE;
}
