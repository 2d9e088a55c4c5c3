/*
 * Requests for embeddings, and their responses.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/json_text.h"
#include "tests/unit/unit.h"
#include "workerd/knowledge/embedding_format.h"

TEST(a_request_has_the_model_and_all_texts)
{
	const struct slice texts[] = {slice_str("one \"word\""), slice_str("two")};
	struct buf body;

	buf_init(&body, 1024);
	embedding_format_write(&body, "words", texts, 2);
	assert_true(slice_eq_str(buf_slice(&body),
	    "{\"model\":\"words\",\"encoding_format\":\"float\",\"input\":[\"one "
	    "\\\"word\\\"\",\"two\"]}"));
	buf_clear(&body);
}

TEST(vectors_have_the_length_one_and_the_order_of_their_texts)
{
	struct slice response =
	    json_text("{'data':[{'index':1,'embedding':[0,2]},{'index':0,'embedding':[3,-4]}],"
		      "'usage':{'prompt_tokens':7}}");
	struct embedded e;

	assert_true(embedding_format_read(response, 2, &e));
	assert_int_equal(e.dimensions, 2);
	assert_int_equal(e.tokens, 7);
	assert_true(fabsf(e.values[0] - 0.6f) < 1e-6f && fabsf(e.values[1] + 0.8f) < 1e-6f);
	assert_true(fabsf(e.values[2]) < 1e-6f && fabsf(e.values[3] - 1) < 1e-6f);
	embedding_format_clear(&e);
	json_text_free(response);
}

TEST(an_invalid_response_is_refused)
{
	static const char *const responses[] = {
	    "",
	    "[]",
	    "{}",
	    "{'data':[]}",
	    "{'data':[{'embedding':[1]}]}",
	    "{'data':[{'embedding':[]},{'embedding':[]}]}",
	    "{'data':[{'index':0,'embedding':[1]},{'index':0,'embedding':[1]}]}",
	    "{'data':[{'index':0,'embedding':[1]},{'index':2,'embedding':[1]}]}",
	    "{'data':[{'index':0,'embedding':[1]},{'index':-1,'embedding':[1]}]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(responses); i++) {
		struct slice response = json_text(responses[i]);
		struct embedded e;

		if (embedding_format_read(response, 2, &e))
			fail_msg("%s", responses[i]);
		json_text_free(response);
	}
}

/* One such text must not keep the others of its request from their vectors. */
TEST(a_text_without_a_vector_has_zero)
{
	static const char *const embeddings[] = {
	    "[0,0]", "[1,2,3]", "[1]", "[]", "null", "[null,null]", "['x',1]", "[1e200,1]"};

	for (size_t i = 0; i < ARRAY_LEN(embeddings); i++) {
		char text[160];
		struct slice response;
		struct embedded e;

		snprintf(text, sizeof(text),
		    "{'data':[{'embedding':%s},{'embedding':[2,0]},{'embedding':[0,3]}]}",
		    embeddings[i]);
		response = json_text(text);
		if (!embedding_format_read(response, 3, &e))
			fail_msg("%s", text);
		assert_int_equal(e.dimensions, 2);
		assert_true(e.values[0] == 0 && e.values[1] == 0);
		assert_true(e.values[2] == 1 && e.values[5] == 1);
		embedding_format_clear(&e);
		json_text_free(response);
	}
}

TEST(signed_bytes_are_within_half_a_step_of_the_vector)
{
	const float vector[] = {0.6f, -0.8f, 0, 0.0031f};
	int8_t values[4];
	const float scale = embedding_format_shrink(vector, 4, values);

	assert_int_equal(values[1], -127);
	for (size_t i = 0; i < 4; i++)
		assert_true(fabsf(scale * values[i] - vector[i]) <= scale / 2 + 1e-6f);
	memset(values, 1, sizeof(values));
	assert_true(embedding_format_shrink((const float[]){0, 0}, 2, values) == 0);
	assert_int_equal(values[0], 0);
}

TEST_MAIN(NULL, NULL)
