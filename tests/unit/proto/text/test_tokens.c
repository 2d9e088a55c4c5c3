/*
 * Tokens, as far as they are known without the model.
 */
#include "proto/text/tokens.h"
#include "tests/unit/unit.h"

static const struct slice none;

TEST(models_that_think_are_known_by_their_names)
{
	static const char *const thinking[] = {"o3-mini", "openai/o1", "GPT-5-nano",
	    "deepseek-reasoner", "deepseek/deepseek-r1:free", "qwen/qwq-32b",
	    "Qwen3-30B-A3B-Thinking-2507", "gpt-oss:20b", "gemini-2.5-flash"};
	static const char *const others[] = {
	    "", "gpt-4.1-mini", "gpt-4o", "llama3.2", "mistral-small", "proto1", "x/"};

	for (size_t i = 0; i < ARRAY_LEN(thinking); i++)
		assert_true(tokens_model_reasons(slice_str(thinking[i])));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(tokens_model_reasons(slice_str(others[i])));
}

TEST(a_reply_may_have_so_many_tokens)
{
	const struct slice plain = slice_str("gpt-4.1"), thinks = slice_str("o3");

	assert_int_equal(tokens_output_max(plain, none, 0, true), 1024);
	assert_int_equal(tokens_output_max(plain, none, 0, false), 4096);
	assert_int_equal(tokens_output_max(plain, none, 70, true), 70);
	assert_int_equal(tokens_output_max(thinks, none, 70, true), 70 + 8192);
	assert_int_equal(tokens_output_max(plain, slice_str("low"), 0, true), 1024 + 8192);
}

TEST(a_call_without_usage_is_paid_by_an_estimate)
{
	assert_int_equal(tokens_estimate_call(0, 0, 100), 0);
	assert_int_equal(tokens_estimate_call(400, 0, 100), 101);
	assert_int_equal(tokens_estimate_call(400, 9, 100), 101 + 5);
	assert_int_equal(tokens_estimate_call(400, 9000, 100), 101 + 100);
}

TEST(a_text_is_estimated_by_its_letters)
{
	assert_int_equal(tokens_estimate_text(none), 0);
	assert_int_equal(tokens_estimate_text(slice_str("four word text here")), 5);
	assert_int_equal(tokens_estimate_text(slice_str("12345678")), 4);
	assert_int_equal(tokens_estimate_text(slice_str("\u0434\u0430")), 1);
	assert_int_equal(tokens_estimate_text(slice_str("\u5b57\u5b57")), 2);
	assert_int_equal(tokens_estimate_text(slice_str("\U0001f600")), 2);
}

TEST(a_picture_costs_at_most_what_the_model_counts)
{
	static const struct {
		const char *model;
		uint32_t width, height, high, low;
	} cases[] = {
	    /* Tiles: 1, 2 by 1, 2 by 2, and 2 by 4 of a long one; examples of the guide among them */
	    {"gpt-4o-mini", 512, 512, 2833 + 5667, 2833},
	    {"gpt-4o-mini-2024-07-18", 513, 512, 2833 + 2 * 5667, 2833},
	    {"openai/gpt-4o-mini", 1024, 1024, 2833 + 4 * 5667, 2833},
	    {"gpt-4o-mini", 2048, 4096, 2833 + 6 * 5667, 2833},
	    {"gpt-4o-mini", 768, 2048, 2833 + 8 * 5667, 2833},
	    {"gpt-4o-mini", 1, UINT32_MAX, 2833 + 4 * 5667, 2833},
	    /* Small pictures cost others the same as large ones */
	    {"gpt-4.1-mini", 1, 1, 6404, 630},
	    {"openai/o3", 2048, 2048, 6404, 630},
	    {"llama3.2-vision", 1, 1, 6404, 6404},
	    {"", 2800, 2800, 100 * 100, 100 * 100},
	    {"qwen2.5-vl", 2801, 2800, 101 * 100, 101 * 100},
	    {"qwen2.5-vl", UINT32_MAX, UINT32_MAX, 16384, 16384},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct slice model = slice_str(cases[i].model);

		assert_int_equal(
		    tokens_picture_max(model, cases[i].width, cases[i].height, false),
		    cases[i].high);
		assert_int_equal(
		    tokens_picture_max(model, cases[i].width, cases[i].height, true),
		    cases[i].low);
	}
}

TEST_MAIN(NULL, NULL)
