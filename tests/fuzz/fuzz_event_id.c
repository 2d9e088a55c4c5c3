/*
 * The id of an event, as a client sends it in Last-Event-ID: of a conversation's stream (live_cursor.h), the
 * number of a change, or a place in a widget's frames (live_place.h).
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/live/live_cursor.h"
#include "workerd/api/live/live_place.h"

static void
check_same(const struct live_cursor *a, const struct live_cursor *b)
{
	must(id_equal(&a->conversation, &b->conversation) && a->settled == b->settled);
	must(a->n == b->n && a->n <= LIVE_CURSOR_ITEMS);
	for (size_t i = 0; i < a->n; i++) {
		const struct live_cursor_item *x = &a->items[i], *y = &b->items[i];

		must(id_equal(&x->message, &y->message) && x->interrupted == y->interrupted);
		must(x->writing == y->writing && x->units == y->units);
	}
}

/* A number is what strtoull(3) reads. */
static void
check_number(struct slice in)
{
	char text[20] = {0};
	uint64_t n;

	if (!parameter_digits(in, sizeof(text) - 1, &n))
		return;
	memcpy(text, in.p, in.len);
	must(strspn(text, "0123456789") == in.len && strtoull(text, NULL, 10) == n);
}

/* A place is written as the number that it was read from; without any message, as 0. */
static void
check_place(struct slice in)
{
	struct live_place place;
	uint64_t n;

	if (!live_place_parse(in, &place))
		return;
	must(parameter_digits(in, 16, &n));
	must(live_place_number(&place) == (place.next == 0 ? 0 : n));
	must(!(place.typing && place.told) && !(place.typing && place.operator_typing));
}

FUZZ(event_id)
{
	struct live_cursor cursor, again;
	char text[LIVE_CURSOR_TEXT];

	check_number(in);
	check_place(in);
	if (!live_cursor_parse(in, &cursor))
		return;
	must(live_cursor_parse(live_cursor_format(&cursor, text), &again));
	check_same(&cursor, &again);
}
