/*
 * Each byte goes through two machines: one knows whether it is code, the other holds back what may become a mark. A
 * bracket cannot be inside a mark, so after a mismatch only the present byte can begin another one.
 */
#include "workerd/knowledge/marks.h"

#include <string.h>

#include "proto/base/basics.h"

#define FENCE_MIN  3
#define NUMBER_MAX 999

struct marks_output {
	const struct marks_events *events;
	void *arg;
	struct buf text; /* not sent yet */
};

static void
marks_send_text(struct marks_output *o)
{
	if (buf_len(&o->text) > 0)
		o->events->text(o->arg, buf_slice(&o->text));
	buf_reset(&o->text);
}

/* What is held is text after all. */
static void
marks_release(struct marks *m, struct marks_output *o)
{
	must(buf_append(&o->text, m->held, m->n_held) == 0);
	m->n_held = m->n_numbers = 0;
	m->part = MARKS_NOTHING;
}

/* The held bytes are a mark, without its bracket. */
static void
marks_send(struct marks *m, struct marks_output *o)
{
	marks_send_text(o);
	for (size_t i = 0; i < m->n_numbers; i++)
		o->events->mark(o->arg, m->numbers[i]);
	m->n_held = m->n_numbers = 0;
	m->part = MARKS_NOTHING;
}

static bool
marks_is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
marks_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Adds a digit to the last number, or (first) begins one. False: it would be too great. */
static bool
marks_add_digit(struct marks *m, uint8_t c, bool first)
{
	uint16_t *number;

	if (first)
		m->numbers[m->n_numbers++] = 0;
	number = &m->numbers[m->n_numbers - 1];
	*number = (uint16_t)(*number * 10 + (c - '0'));
	return *number <= NUMBER_MAX;
}

/* Where a byte leads; MARKS_NOTHING: it does not continue the mark. */
static enum marks_part
marks_next_part(struct marks *m, uint8_t c)
{
	switch (m->part) {
	case MARKS_NOTHING:
	case MARKS_SPACES:
		if (marks_is_space(c))
			return MARKS_SPACES;
		return c == '[' ? MARKS_BRACKET : MARKS_NOTHING;
	case MARKS_BRACKET:
		return c == 'S' ? MARKS_LETTER : MARKS_NOTHING;
	case MARKS_LETTER:
		return marks_is_digit(c) && marks_add_digit(m, c, true) ? MARKS_NUMBER
									: MARKS_NOTHING;
	case MARKS_NUMBER:
		if (marks_is_digit(c))
			return marks_add_digit(m, c, false) ? MARKS_NUMBER : MARKS_NOTHING;
		break;
	case MARKS_NUMBER_END:
		break;
	case MARKS_COMMA:
		if (marks_is_digit(c))
			return marks_add_digit(m, c, true) ? MARKS_NUMBER : MARKS_NOTHING;
		if (marks_is_space(c))
			return MARKS_COMMA;
		return c == 'S' ? MARKS_LETTER : MARKS_NOTHING;
	}
	if (marks_is_space(c))
		return MARKS_NUMBER_END;
	return c == ',' || c == ';' ? MARKS_COMMA : MARKS_NOTHING;
}

static bool
marks_is_complete(const struct marks *m)
{
	return m->part == MARKS_NUMBER || m->part == MARKS_NUMBER_END;
}

/* Takes a byte that is no code. */
static void
marks_take(struct marks *m, uint8_t c, struct marks_output *o)
{
	enum marks_part next;

	if (c == ']' && marks_is_complete(m)) {
		marks_send(m, o);
		return;
	}
	if (m->n_held == MARKS_HELD_MAX)
		marks_release(m, o);
	next = marks_next_part(m, c);
	if (next == MARKS_NOTHING) {
		marks_release(m, o);
		next = marks_next_part(m, c);
	}
	if (next == MARKS_NOTHING) {
		must(buf_append(&o->text, &c, 1) == 0);
		return;
	}
	m->part = next;
	m->held[m->n_held++] = c;
}

/* What may stand before a fence in its line: indentation, and the marks of quotes and lists. */
static bool
marks_is_before_fence(uint8_t c)
{
	return marks_is_space(c) || marks_is_digit(c) || memchr(">-*+.)", c, 6) != NULL;
}

static bool
marks_run_is_fence(const struct marks *m)
{
	return m->run_is_first && m->run_length >= FENCE_MIN;
}

/* A run of backticks or tildes is over. */
static void
marks_end_run(struct marks *m)
{
	const bool ticks = m->run == '`', fence = marks_run_is_fence(m);

	if (m->code == MARKS_NO_CODE && (ticks || fence)) {
		m->code = fence ? MARKS_OPENING : MARKS_SPAN;
		m->fence = m->run;
		m->fence_length = m->run_length;
	} else if (m->code == MARKS_OPENING && ticks && m->fence == '`') {
		/* The rest of an opening line has no backtick (CommonMark, section 4.5). */
		m->code = m->run_length == m->fence_length ? MARKS_NO_CODE : MARKS_SPAN;
	} else if (m->code == MARKS_SPAN && ticks && m->run_length == m->fence_length) {
		m->code = MARKS_NO_CODE;
	} else if (m->code == MARKS_BLOCK && fence && m->run == m->fence &&
	    m->run_length >= m->fence_length) {
		m->is_closing = true;
	}
	m->run = 0;
	m->run_length = 0;
}

/* A line is over, and with it a span: a backtick without its pair must not keep the marks of all that follows. */
static void
marks_end_line(struct marks *m)
{
	if (m->code == MARKS_SPAN || (m->code == MARKS_BLOCK && m->is_closing))
		m->code = MARKS_NO_CODE;
	else if (m->code == MARKS_OPENING)
		m->code = MARKS_BLOCK;
	m->in_line = m->is_closing = false;
}

/* Follows the code. Returns whether the byte is a part of it, its backticks included. */
static bool
marks_read_code(struct marks *m, uint8_t c)
{
	const bool escaped = m->escaped && m->code == MARKS_NO_CODE;
	const bool in_run = (c == '`' || c == '~') && !escaped;

	m->escaped = c == '\\' && !escaped;
	if (m->run != 0 && (!in_run || c != m->run))
		marks_end_run(m);
	if (in_run) {
		if (m->run == 0)
			m->run_is_first = !m->in_line;
		m->run = c;
		m->run_length++;
	} else if (c == '\n') {
		marks_end_line(m);
	} else if (!marks_is_space(c)) {
		m->is_closing = false;
	}
	if (c != '\n' && !marks_is_before_fence(c))
		m->in_line = true;
	return escaped || in_run || m->code != MARKS_NO_CODE;
}

void
marks_feed(struct marks *m, struct slice text, const struct marks_events *events, void *arg)
{
	struct marks_output o = {.events = events, .arg = arg};

	buf_init(&o.text, text.len + MARKS_HELD_MAX);
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.p[i];

		if (!marks_read_code(m, c)) {
			marks_take(m, c, &o);
			continue;
		}
		marks_release(m, &o);
		must(buf_append(&o.text, &c, 1) == 0);
	}
	marks_send_text(&o);
	buf_clear(&o.text);
}

void
marks_end(struct marks *m, const struct marks_events *events, void *arg)
{
	struct slice rest = {m->held, m->n_held};

	m->part = MARKS_NOTHING;
	m->n_held = m->n_numbers = 0;
	if (rest.len > 0)
		events->text(arg, rest);
}
