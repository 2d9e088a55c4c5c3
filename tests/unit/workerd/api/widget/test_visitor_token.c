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

static bool
is_valid(const char *token, uint64_t age)
{
	struct id id;
	bool valid = visitor_token_is_valid(
	    &scene.secret, &scene.place, id_ms(&scene.id) + age, slice_str(token), &id);

	if (valid)
		assert_true(id_equal(&id, &scene.id));
	return valid;
}

TEST_WITH(a_token_is_valid_for_a_day_and_has_the_visitors_id, set_up, NULL)
{
	assert_int_equal(strlen(scene.token), VISITOR_TOKEN_TEXT);
	assert_true(is_valid(scene.token, 0));
	assert_true(is_valid(scene.token, CLOCK_DAY_MS - 1));
	assert_false(is_valid(scene.token, CLOCK_DAY_MS));
	/* The clock was set back. */
	assert_true(is_valid(scene.token, (uint64_t)1 - CLOCK_DAY_MS));
	assert_false(is_valid(scene.token, (uint64_t)0 - CLOCK_DAY_MS));
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
