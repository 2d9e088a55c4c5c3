/*
 * Places in a widget's frames: a client's number gives back what it has.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/live/live_place.h"

#define NEXT_MOST ((1u << 17) - 1)

static bool
read_number(uint64_t number, struct live_place *place)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	return live_place_parse(slice_str(text), place);
}

TEST(a_place_is_read_as_it_was_written)
{
	static const struct live_place places[] = {
	    {0},
	    {.next = 1},
	    {.next = NEXT_MOST, .conversation = 4095, .state = 3, .identified = true},
	    {.next = 2, .typing = true, .operator_bit = true},
	    {.next = 2, .typing = true, .units = 1, .conversation = 1},
	    {.next = 9, .operator_typing = true, .state = 2},
	    {.next = 9, .told = true},
	    {.next = 9, .told = true, .run = 1},
	    {.next = 9, .broken = 1u << 7, .typing = true, .again = true, .conversation = 7},
	    {.next = 5000, .broken = 1},
	    {.next = 5000, .far = 4000, .typing = true, .again = true},
	    {.next = 13, .far = 2, .typing = true, .again = true},
	    {.next = 12, .broken = 0x1ff, .typing = true},
	};
	struct live_place again;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		assert_true(read_number(live_place_number(&places[i]), &again));
		assert_int_equal(again.next, places[i].next);
		assert_int_equal(again.told, places[i].told);
		assert_int_equal(again.run, places[i].run);
		assert_int_equal(again.far, places[i].far);
		assert_int_equal(again.broken, places[i].broken);
		assert_int_equal(again.again, places[i].again);
		assert_int_equal(again.typing, places[i].typing);
		assert_int_equal(again.units, places[i].units);
		assert_int_equal(again.operator_typing, places[i].operator_typing);
		assert_int_equal(again.conversation, places[i].conversation);
		assert_int_equal(again.state, places[i].state);
		assert_int_equal(again.operator_bit, places[i].operator_bit);
		assert_int_equal(again.identified, places[i].identified);
	}
}

TEST(replies_that_broke_off_are_noted_before_the_next_position)
{
	struct live_place place = {.next = 2}, again;

	live_place_move(&place, 6);
	assert_true(live_place_note(&place, 2, true));
	assert_true(live_place_note(&place, 4, true));
	assert_false(live_place_note(&place, 6, true));
	assert_int_equal(live_place_first(&place), 2);
	assert_true(live_place_is_broken(&place, 2));
	assert_false(live_place_is_broken(&place, 3));
	assert_false(live_place_is_broken(&place, 6));
	assert_true(live_place_note(&place, 2, false));
	assert_int_equal(live_place_first(&place), 4);
	/* The last one is told, too: there is room for only one of both. */
	place.told = true;
	assert_true(read_number(live_place_number(&place), &again));
	assert_int_equal(again.next, 7);
	assert_false(again.told);
	assert_true(live_place_is_broken(&again, 6) && live_place_is_broken(&again, 4));
	live_place_move(&again, 6);
	assert_int_equal(again.broken, place.broken);
	/* One that is too far back is forgotten. */
	live_place_move(&place, 4 + LIVE_PLACE_BROKEN);
	assert_true(live_place_is_broken(&place, 4));
	live_place_move(&place, 5 + LIVE_PLACE_BROKEN);
	assert_int_equal(live_place_first(&place), place.next);
	/* One that is written again is noted alone; a second one comes with all behind it. */
	live_place_go_back(&place, 4);
	assert_int_equal(place.next, 5 + LIVE_PLACE_BROKEN);
	assert_true(live_place_is_broken(&place, 4));
	assert_int_equal(live_place_first(&place), 4);
	live_place_go_back(&place, 3);
	assert_int_equal(place.next, 3);
	place.next = 9;
	live_place_go_back(&place, 4);
	assert_int_equal(place.next, 9);
	assert_int_equal(live_place_first(&place), 4);
}

TEST(a_conversation_that_is_too_long_stays_at_the_last_position)
{
	const struct live_place most = {.next = NEXT_MOST};
	struct live_place more = {.next = NEXT_MOST + 5u, .broken = 1};

	assert_int_equal(live_place_number(&more), live_place_number(&most));
	assert_false(live_place_note(&more, NEXT_MOST, true));
}

TEST(any_other_text_is_refused)
{
	static const char *const texts[] = {
	    "", "x", "-1", "+1", " 1", "1.5", "1e3", "9007199254740992", "99999999999999999"};
	struct live_place place;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(live_place_parse(slice_str(texts[i]), &place));
}

TEST(attempts_and_conversations_are_told_apart)
{
	const struct id zero = {0};
	/* Conversations whose ids end with the same byte. */
	const struct id one = {.b = {[14] = 1, [15] = 7}}, other = {.b = {[14] = 2, [15] = 7}};
	const struct id most = {.b = {[14] = 255, [15] = 255}};

	assert_int_equal(live_place_mark(&zero), 1);
	assert_int_not_equal(live_place_mark(&one), live_place_mark(&other));
	assert_true(live_place_mark(&most) < 4096);
	assert_int_not_equal(live_place_run(slice_str("a")), live_place_run(slice_str("b")));
	assert_int_not_equal(live_place_run(slice_str("")), 0);
}

TEST_MAIN(NULL, NULL)
