/*
 * Listeners that leave, and that are added, while others are called.
 */
#include "workerd/turn/reply_listeners.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct reply_listeners replies;
static unsigned emptied;

/* What a listener has received, and what it does at its start, its first piece and its end. */
struct ear {
	char heard[256];
	struct ear *adds_at_start, *adds_at_text, *adds_at_end;
	struct turn_listener *leaves_at_text;
};

static void
hear(struct ear *e, const char *what, struct slice text)
{
	size_t len = strlen(e->heard);

	(void)snprintf(e->heard + len, sizeof(e->heard) - len, "%s%.*s ", what, (int)text.len,
	    (const char *)text.p);
}

static struct turn_listener *add(struct ear *e);

static void
add_once(struct ear **e)
{
	struct ear *other = *e;

	*e = NULL;
	if (other != NULL)
		add(other);
}

static void
on_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct ear *e = arg;

	(void)ids;
	assert_int_equal(position, 0);
	hear(e, "start", slice_str(""));
	add_once(&e->adds_at_start);
}

static void
on_token(void *arg, struct slice text)
{
	struct ear *e = arg;

	hear(e, "", text);
	add_once(&e->adds_at_text);
	if (e->leaves_at_text != NULL)
		reply_listener_leave(e->leaves_at_text);
	e->leaves_at_text = NULL;
}

static void
on_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct ear *e = arg;

	(void)ids;
	(void)reply;
	hear(e, "done", slice_str(""));
	add_once(&e->adds_at_end);
}

static void
on_error(void *arg, const struct turn_error *error)
{
	(void)error;
	hear(arg, "error", slice_str(""));
}

static const struct turn_sink sink = {
    .start = on_start, .token = on_token, .done = on_done, .error = on_error};

static struct turn_listener *
add(struct ear *e)
{
	struct turn_listener *l = reply_listener_new(&sink, e);

	reply_listeners_add(&replies, l, true);
	return l;
}

static void
on_empty(struct reply_listeners *ls)
{
	assert_ptr_equal(ls, &replies);
	emptied++;
}

FIXTURE(set_up)
{
	emptied = 0;
	reply_listeners_init(&replies, on_empty);
	replies.started = true;
}

FIXTURE(tear_down)
{
	reply_listeners_clear(&replies);
}

static void
append(const char *text)
{
	assert_int_equal(reply_listeners_append(&replies, slice_str(text)), 0);
}

FIXTURE_TEST(a_listener_that_is_added_at_the_start_of_another_one_takes_no_text_from_it)
{
	struct ear second = {0}, first = {.adds_at_start = &second};

	append("one");
	add(&first);
	append("two");
	assert_string_equal(first.heard, "start one two ");
	assert_string_equal(second.heard, "start one two ");
}

FIXTURE_TEST(a_listener_that_is_added_by_a_piece_gets_that_piece_once_and_all_others_get_it)
{
	struct ear first = {0}, third = {0}, second = {.adds_at_text = &third};

	add(&first);
	add(&second);
	append("one");
	append("two");
	assert_string_equal(first.heard, "start one two ");
	assert_string_equal(second.heard, "start one two ");
	assert_string_equal(third.heard, "start one two ");
}

/* The outer loop's next listener leaves in a call of the inner one. */
FIXTURE_TEST(a_listener_may_leave_in_a_call_within_a_call)
{
	struct ear first = {0}, third = {0}, second = {.adds_at_text = &third};

	third.leaves_at_text = add(&first);
	add(&second);
	append("one");
	append("two");
	assert_string_equal(first.heard, "start ");
	assert_string_equal(second.heard, "start one two ");
	assert_string_equal(third.heard, "start one two ");
	assert_int_equal(emptied, 0);
}

/* The reply must stay until the outermost call has ended. */
FIXTURE_TEST(the_last_listener_that_leaves_in_a_call_within_a_call_does_not_free_the_reply)
{
	struct ear second = {0}, first = {.adds_at_text = &second};

	second.leaves_at_text = add(&first);
	append("one");
	assert_string_equal(first.heard, "start one ");
	assert_string_equal(second.heard, "start one ");
	assert_int_equal(emptied, 0);
}

FIXTURE_TEST(a_listener_that_is_added_at_the_end_gets_all_and_the_end)
{
	struct ear second = {0}, first = {.adds_at_end = &second};

	append("one");
	add(&first);
	reply_listeners_done(&replies, &(struct turn_reply){0});
	assert_string_equal(first.heard, "start one done ");
	assert_string_equal(second.heard, "start one done ");
	assert_true(reply_listeners_is_empty(&replies));
	assert_int_equal(emptied, 0);
}

TEST_MAIN(NULL, NULL)
