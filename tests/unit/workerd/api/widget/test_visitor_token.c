/*
 * Tokens of visitors who are not stored: for what and for how long the worker vouches.
 */
#include "workerd/api/widget/visitor_token.h"

#include <string.h>

#include "proto/base/clock.h"
#include "tests/unit/unit.h"

static struct {
	struct hash256 secret;
	struct visitor_token_place place;
	struct id id;
	char token[VISITOR_TOKEN_TEXT + 1];
} scene;

FIXTURE(set_up)
{
	memset(scene.secret.b, 7, sizeof(scene.secret.b));
	scene.place = (struct visitor_token_place){.widget = id_new(), .generation = 3};
	scene.id = visitor_token_new(&scene.secret, &scene.place, scene.token);
}

static enum visitor_token_state
state_of(const char *token, uint64_t age)
{
	struct id id;
	enum visitor_token_state state = visitor_token_check(
	    &scene.secret, &scene.place, id_ms(&scene.id) + age, slice_str(token), &id);

	if (state != VISITOR_TOKEN_INVALID)
		assert_true(id_equal(&id, &scene.id));
	return state;
}

static bool
is_valid(const char *token, uint64_t age)
{
	return state_of(token, age) != VISITOR_TOKEN_INVALID;
}

TEST_WITH(a_token_is_young_for_a_day_and_has_the_visitors_id, set_up, NULL)
{
	assert_int_equal(strlen(scene.token), VISITOR_TOKEN_TEXT);
	assert_int_equal(state_of(scene.token, 0), VISITOR_TOKEN_YOUNG);
	assert_int_equal(state_of(scene.token, CLOCK_DAY_MS - 1), VISITOR_TOKEN_YOUNG);
	assert_int_equal(state_of(scene.token, CLOCK_DAY_MS), VISITOR_TOKEN_OLD);
	/* The clock was set back. */
	assert_int_equal(
	    state_of(scene.token, (uint64_t)1 - CLOCK_DAY_MS), VISITOR_TOKEN_YOUNG);
	assert_int_equal(state_of(scene.token, (uint64_t)0 - CLOCK_DAY_MS), VISITOR_TOKEN_OLD);
}

struct next {
	char token[VISITOR_TOKEN_TEXT + 1];
	struct id id;
};

/* The token that another one stands for so long after the first one was made. */
static struct next
next_of(const char *old, uint64_t age)
{
	const uint64_t now = id_ms(&scene.id) + age;
	struct next next;
	struct id id;

	next.id =
	    visitor_token_next(&scene.secret, &scene.place, now, slice_str(old), next.token);
	assert_int_equal(strlen(next.token), VISITOR_TOKEN_TEXT);
	assert_int_equal(
	    visitor_token_check(&scene.secret, &scene.place, now, slice_str(next.token), &id),
	    VISITOR_TOKEN_YOUNG);
	assert_true(id_equal(&id, &next.id));
	assert_int_equal(id.b[6] >> 4, 7);
	assert_int_equal(id.b[8] >> 6, 2);
	return next;
}

static void
expect_same(const struct next *a, const struct next *b)
{
	assert_string_equal(a->token, b->token);
	assert_true(id_equal(&a->id, &b->id));
}

/* However a visitor's connections are spread over the days, they come to the same visitor. */
TEST_WITH(all_old_tokens_of_a_visitor_stand_for_one_young_one, set_up, NULL)
{
	const struct next second = next_of(scene.token, CLOCK_DAY_MS),
			  late = next_of(scene.token, 2 * CLOCK_DAY_MS - 1),
			  third = next_of(scene.token, 2 * CLOCK_DAY_MS),
			  of_second = next_of(second.token, 2 * CLOCK_DAY_MS + 5),
			  before = next_of(scene.token, (uint64_t)5 - 3 * CLOCK_DAY_MS);

	expect_same(&late, &second);
	expect_same(&of_second, &third);
	assert_false(id_equal(&second.id, &scene.id));
	assert_false(id_equal(&second.id, &third.id));
	assert_int_equal(id_ms(&second.id), id_ms(&scene.id) + CLOCK_DAY_MS);
	assert_int_equal(id_ms(&third.id), id_ms(&scene.id) + 2 * CLOCK_DAY_MS);
	assert_int_equal(id_ms(&before.id), id_ms(&scene.id) - 3 * CLOCK_DAY_MS);
}

TEST_WITH(tokens_of_two_visitors_stand_for_two, set_up, NULL)
{
	const struct next one = next_of(scene.token, CLOCK_DAY_MS);
	char other[VISITOR_TOKEN_TEXT + 1];
	struct next two;

	(void)visitor_token_new(&scene.secret, &scene.place, other);
	two = next_of(other, CLOCK_DAY_MS + 1000);
	assert_false(id_equal(&one.id, &two.id));
	assert_memory_not_equal(one.id.b + 6, two.id.b + 6, sizeof(one.id.b) - 6);
}

TEST_WITH(a_token_with_any_other_character_is_invalid, set_up, NULL)
{
	for (size_t i = 0; i < VISITOR_TOKEN_TEXT; i++) {
		char token[VISITOR_TOKEN_TEXT + 1];

		memcpy(token, scene.token, sizeof(token));
		token[i] = token[i] == '0' ? '1' : '0';
		assert_false(is_valid(token, 0));
		token[i] = 'G';
		assert_true(token[i] == scene.token[i] || !is_valid(token, 0));
	}
}

TEST_WITH(a_token_of_another_form_is_invalid, set_up, NULL)
{
	char longer[VISITOR_TOKEN_TEXT + 2] = {0};

	memcpy(longer, scene.token, VISITOR_TOKEN_TEXT);
	longer[VISITOR_TOKEN_TEXT] = '0';
	assert_false(is_valid(longer, 0));
	assert_false(is_valid("", 0));
	assert_false(is_valid("4Zr8dT0vXkq2uWb7LpYc1e", 0)); /* as stored ones of before */
	scene.token[VISITOR_TOKEN_TEXT - 1] = '\0';
	assert_false(is_valid(scene.token, 0));
}

TEST_WITH(a_token_is_of_one_widget_one_generation_and_one_secret, set_up, NULL)
{
	const struct visitor_token_place place = scene.place;

	scene.place.widget = id_new();
	assert_false(is_valid(scene.token, 0));
	scene.place = place;
	scene.place.generation++;
	assert_false(is_valid(scene.token, 0));
	scene.place = place;
	scene.secret.b[31]++;
	assert_false(is_valid(scene.token, 0));
}

TEST_WITH(tokens_and_ids_differ, set_up, NULL)
{
	char other[VISITOR_TOKEN_TEXT + 1];
	struct id id = visitor_token_new(&scene.secret, &scene.place, other);

	assert_false(id_equal(&id, &scene.id));
	assert_memory_not_equal(
	    other + VISITOR_TOKEN_ID, scene.token + VISITOR_TOKEN_ID, VISITOR_TOKEN_RANDOM);
}

TEST_MAIN(NULL, NULL)
