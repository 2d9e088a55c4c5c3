/*
 * The id of an event, as a client sends it in Last-Event-ID: of a conversation's stream (live_cursor.h), the
 * number of a change, or a place in a widget's frames (live_place.h).
 */
#include <inttypes.h>
#include <stdio.h>

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

/* A place is written as a number that says the same; without any message, as 0. */
static void
check_place(struct slice in)
{
	struct live_place place, again;
	char text[24];
	uint64_t n;

	if (!live_place_parse(in, &place))
		return;
	must(!(place.typing && place.told) && !(place.typing && place.operator_typing));
	n = live_place_number(&place);
	must(place.next != 0 || n == 0);
	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	must(live_place_parse(slice_str(text), &again) && live_place_number(&again) == n);
	must(again.next == place.next && again.typing == place.typing &&
	    again.operator_typing == place.operator_typing && again.told == place.told &&
	    again.run == place.run && again.units == place.units &&
	    again.conversation == place.conversation && again.state == place.state &&
	    again.operator_bit == place.operator_bit && again.identified == place.identified);
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
