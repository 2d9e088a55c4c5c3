/*
 * Each byte goes through two machines: one knows whether it is code, the other holds back what may become a mark. A
 * bracket cannot be inside a mark, so after a mismatch only the present byte can begin another one.
 */
#include "workerd/knowledge/marks.h"

#include <string.h>

#include "proto/base/basics.h"

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

void
marks_feed(struct marks *m, struct slice text, const struct marks_events *events, void *arg)
{
	struct marks_output o = {.events = events, .arg = arg};

	buf_init(&o.text, text.len + MARKS_HELD_MAX);
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.p[i];

		if (!markdown_code_read(&m->code, c)) {
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
