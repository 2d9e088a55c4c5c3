#include "workerd/api/live/live_cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/messages.h"

static int
live_cursor_format_item(const struct live_cursor_item *item, char *text, size_t size)
{
	char id[ID_TEXT_LEN + 1];

	id_format(&item->message, id);
	if (item->writing)
		return snprintf(text, size, ".%s:%" PRIu32, id, item->units);
	return snprintf(text, size, ".%s%s", id, item->interrupted ? "!" : "");
}

struct slice
live_cursor_format(const struct live_cursor *cursor, char text[LIVE_CURSOR_TEXT])
{
	char id[ID_TEXT_LEN + 1];
	int n;

	id_format(&cursor->conversation, id);
	n = snprintf(text, LIVE_CURSOR_TEXT, "%s.%" PRIu64, id, cursor->settled);
	for (size_t i = 0; i < cursor->n; i++)
		n += live_cursor_format_item(
		    &cursor->items[i], text + n, LIVE_CURSOR_TEXT - (size_t)n);
	if (cursor->has_state)
		n += snprintf(text + n, LIVE_CURSOR_TEXT - (size_t)n, "~%u.%" PRIu32,
		    cursor->state, cursor->operator);
	must(n > 0 && n < (int)LIVE_CURSOR_TEXT);
	return (struct slice){(const uint8_t *)text, (size_t)n};
}

/* Takes an id from the front of the text. */
static bool
live_cursor_take_id(struct slice *text, struct id *id)
{
	if (text->len < ID_TEXT_LEN || id_parse((struct slice){text->p, ID_TEXT_LEN}, id) == -1)
		return false;
	text->p += ID_TEXT_LEN;
	text->len -= ID_TEXT_LEN;
	return true;
}

/* Takes this character from the front of the text. */
static bool
live_cursor_take(struct slice *text, char c)
{
	if (text->len == 0 || text->p[0] != (uint8_t)c)
		return false;
	text->p++;
	text->len--;
	return true;
}

/* Takes a whole number up to max from the front of the text. */
static bool
live_cursor_take_number(struct slice *text, uint64_t max, uint64_t *number)
{
	size_t digits = 0;

	*number = 0;
	for (; text->len > 0 && text->p[0] >= '0' && text->p[0] <= '9'; digits++) {
		*number = 10 * *number + (uint64_t)(text->p[0] - '0');
		if (*number > max)
			return false;
		text->p++;
		text->len--;
	}
	return digits > 0;
}

static bool
live_cursor_take_item(struct slice *text, struct live_cursor_item *item)
{
	uint64_t units;

	*item = (struct live_cursor_item){0};
	if (!live_cursor_take(text, '.') || !live_cursor_take_id(text, &item->message))
		return false;
	item->interrupted = live_cursor_take(text, '!');
	item->writing = !item->interrupted && live_cursor_take(text, ':');
	if (item->writing && !live_cursor_take_number(text, UINT32_MAX / 2, &units))
		return false;
	item->units = item->writing ? (uint32_t)units : 0;
	return true;
}

/* Takes the state at the end of the text. */
static bool
live_cursor_take_state(struct slice *text, struct live_cursor *cursor)
{
	uint64_t state, operator;

	if (!live_cursor_take_number(text, STATE_RESOLVED, &state) ||
	    !live_cursor_take(text, '.') ||
	    !live_cursor_take_number(text, UINT32_MAX, &operator))
		return false;
	cursor->has_state = true;
	cursor->state = (uint8_t)state;
	cursor->operator=(uint32_t) operator;
	return text->len == 0;
}

bool
live_cursor_parse(struct slice text, struct live_cursor *cursor)
{
	const uint64_t most = (uint64_t)1 << 53;

	cursor->n = 0;
	cursor->has_state = false;
	if (!live_cursor_take_id(&text, &cursor->conversation) ||
	    !live_cursor_take(&text, '.') ||
	    !live_cursor_take_number(&text, most, &cursor->settled))
		return false;
	for (; text.len > 0; cursor->n++) {
		if (live_cursor_take(&text, '~'))
			return live_cursor_take_state(&text, cursor);
		if (cursor->n == LIVE_CURSOR_ITEMS ||
		    !live_cursor_take_item(&text, &cursor->items[cursor->n]))
			return false;
	}
	return true;
}

/* The random end of its id. */
uint32_t
live_cursor_operator(const struct id *operator)
{
	uint32_t n;

	memcpy(&n, operator->b + sizeof(operator->b) - sizeof(n), sizeof(n));
	return n;
}
