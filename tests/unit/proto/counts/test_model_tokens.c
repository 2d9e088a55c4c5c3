/*
 * Tokens by model: sums, the encoding, and the text of an export.
 */
#include "proto/counts/model_tokens.h"
#include "tests/unit/unit.h"

static struct model_tokens
tokens_of_three(void)
{
	struct model_tokens m = {.n = 0};

	model_tokens_change(&m, slice_str("small"), 7, 3);
	model_tokens_change(&m, slice_str("big"), 300, 0);
	model_tokens_change(&m, slice_str("a \"b\" \xc3\xa9"), 0, 1);
	return m;
}

TEST(models_are_in_order_and_those_without_tokens_are_left_out)
{
	struct model_tokens m = tokens_of_three();

	model_tokens_change(&m, slice_str("bi"), 1, 1);
	model_tokens_change(&m, slice_str("none"), 0, 0);
	model_tokens_change(&m, slice_str("none"), -1, -1);
	model_tokens_change(&m, slice_str(""), 5, 5);
	assert_int_equal(m.n, 4);
	assert_true(slice_eq_str(model_use_name(&m.of[1]), "bi"));
	assert_true(slice_eq_str(model_use_name(&m.of[2]), "big"));
	model_tokens_change(&m, slice_str("big"), -299, 0);
	assert_int_equal(m.of[2].in, 1);
	model_tokens_change(&m, slice_str("big"), -2, -2);
	assert_int_equal(m.n, 3);
	assert_true(slice_eq_str(model_use_name(&m.of[2]), "small"));
}

TEST(an_encoding_is_read_back_and_adds_up)
{
	struct model_tokens m = tokens_of_three(), twice = tokens_of_three();
	uint8_t out[MODEL_TOKENS_BYTES_MAX];
	size_t len = model_tokens_encode(&m, out);

	assert_true(model_tokens_add_encoded(&twice, (struct slice){out, len}));
	model_tokens_add(&m, &m);
	assert_int_equal(twice.n, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(twice.of[i].in, m.of[i].in);
		assert_int_equal(twice.of[i].out, m.of[i].out);
	}
	for (size_t cut = 1; cut < len; cut++) {
		struct model_tokens part = {.n = 0};

		/* A whole number of models is an encoding, too. */
		if (model_tokens_add_encoded(&part, (struct slice){out, cut}))
			assert_in_range(part.n, 1, 2);
	}
}

TEST(there_is_room_for_so_many_models)
{
	struct model_tokens m = {.n = 0};
	uint8_t out[MODEL_TOKENS_BYTES_MAX], name[MODEL_NAME_BYTES];

	memset(name, 'x', sizeof(name));
	for (uint8_t i = 0; i < MODEL_TOKENS_MAX + 2; i++) {
		name[0] = (uint8_t)('a' + i);
		model_tokens_change(
		    &m, (struct slice){name, sizeof(name)}, INT64_MAX, INT64_MAX);
	}
	assert_int_equal(m.n, MODEL_TOKENS_MAX);
	assert_in_range(model_tokens_encode(&m, out), 1, sizeof(out));
}

TEST(a_text_is_read_back)
{
	struct model_tokens m = tokens_of_three(), again;
	struct buf text;

	buf_init(&text, MODEL_TOKENS_TEXT_MAX);
	assert_int_equal(model_tokens_write_text(&text, &m), 0);
	assert_true(slice_eq_str(buf_slice(&text),
	    "{\"a \\\"b\\\" \xc3\xa9\":[0,1],\"big\":[300,0],\"small\":[7,3]}"));
	assert_true(model_tokens_read_text(&again, buf_slice(&text)));
	assert_memory_equal(&again, &m, sizeof(m));
	assert_true(model_tokens_read_text(&again, slice_str("")));
	assert_int_equal(again.n, 0);
	buf_clear(&text);
}

TEST(other_texts_are_refused)
{
	static const char *const cases[] = {"{", "[]", "{\"a\":1}", "{\"a\":[1]}",
	    "{\"a\":[1,2,3]}", "{\"a\":[1,-1]}", "{\"a\":[1,1.5]}",
	    "{\"a\":[9007199254740992,0]}", "{\"\":[1,1]}", "{\"a\":[1,1],\"a\":[1,1]}"};
	struct model_tokens m;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_false(model_tokens_read_text(&m, slice_str(cases[i])));
}

TEST_MAIN(NULL, NULL)
