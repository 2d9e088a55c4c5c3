/*
 * The model's wish to hand over: by a tool or by a marker, however the server splits them.
 */
#include "proto/base/basics.h"
#include "tests/unit/json_text.h"
#include "tests/unit/unit.h"
#include "workerd/model/openai/hand_over.h"

#define MAX 256

TEST(the_marker_is_cut_from_the_text_however_it_is_split)
{
	static const struct {
		const char *pieces[8], *text;
		bool found;
	} cases[] = {
	    {{"Hello"}, "Hello", false},
	    {{"[hand_over]"}, "", true},
	    {{"One moment. [hand_over]"}, "One moment. ", true},
	    {{"a[hand_over]b"}, "ab", true},
	    {{"a[ha", "nd_", "over", "]b"}, "ab", true},
	    {{"[", "h", "a", "n", "d_", "o", "ver", "]"}, "", true},
	    {{"[hand_over][hand_over]"}, "", true},
	    {{"[[hand_over]]"}, "[]", true},
	    {{"[hand_ov[hand_over]"}, "[hand_ov", true},
	    {{"[ha", "[hand_over]"}, "[ha", true},
	    {{"see [1]", " and [", "2]"}, "see [1] and [2]", false},
	    {{"[hand over] [hand_over"}, "[hand over] [hand_over", false},
	    {{"[hand", "", "y"}, "[handy", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct hand_over h = {.found = false};
		struct slice rest;
		struct buf all;

		buf_init(&all, MAX);
		for (size_t k = 0; k < ARRAY_LEN(cases[i].pieces) && cases[i].pieces[k]; k++) {
			struct slice piece = slice_str(cases[i].pieces[k]), text;
			struct buf out;

			buf_init(&out, HAND_OVER_ROOM(piece.len));
			text = hand_over_cut(&h, piece, &out);
			assert_int_equal(buf_append(&all, text.p, text.len), 0);
			buf_clear(&out);
		}
		rest = hand_over_end(&h);
		assert_int_equal(buf_append(&all, rest.p, rest.len), 0);
		if (!slice_eq_str(buf_slice(&all), cases[i].text) || h.found != cases[i].found)
			fail_msg("%s: %.*s", cases[i].text, (int)buf_len(&all),
			    (const char *)buf_data(&all));
		buf_clear(&all);
	}
}

/* An event that calls a tool, as `{"index":…,"function":{"name":…}}`. */
#define CALL(function) "{'choices':[{'delta':{'tool_calls':[" function "]}}]}"

TEST(the_tool_is_recognized_in_the_events_of_every_server)
{
	static const struct {
		const char *events[4];
		bool found;
	} cases[] = {
	    {{CALL("{'index':0,'id':'c','type':'function','function':{'name':'hand_over',"
		   "'arguments':''}}"),
		 CALL("{'index':0,'function':{'arguments':'{}'}}")},
		true},
	    /* In pieces; without an index; behind another call; with a finish_reason. */
	    {{CALL("{'index':0,'function':{'name':'hand'}}"),
		 CALL("{'index':0,'function':{'name':'_over'}}")},
		true},
	    {{CALL("{'function':{'name':'hand_over','arguments':{}}}")}, true},
	    {{CALL("{'index':0,'function':{'name':'other'}}"),
		 CALL("{'index':1,'function':{'name':'hand_over'}}")},
		true},
	    {{"{'choices':[{'delta':{'content':'x','tool_calls':[{'function':{'name':"
	      "'hand_over'}}]},'finish_reason':'tool_calls'}]}"},
		true},
	    /* Other tools, and names that two calls have together. */
	    {{CALL("{'function':{'name':'hand_overs'}}")}, false},
	    {{CALL("{'function':{'name':'over'}}")}, false},
	    {{CALL("{'index':0,'function':{'name':'hand_'}}"),
		 CALL("{'index':1,'function':{'name':'over'}}")},
		false},
	    {{CALL("{'function':'hand_over'}"), CALL("7"), CALL("{'function':{'name':7}}"),
		 "{'choices':[{'delta':{'tool_calls':'hand_over'}}]}"},
		false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct hand_over h = {.found = false};

		for (size_t k = 0; k < ARRAY_LEN(cases[i].events) && cases[i].events[k]; k++) {
			struct slice data = json_text(cases[i].events[k]);
			struct utf8_reassembly reassembly = {.len = 0};
			struct openai_delta d;

			openai_delta_read(&reassembly, data, &d);
			assert_int_not_equal(d.kind, OPENAI_BAD);
			hand_over_read_tool(&h, &d);
			openai_delta_clear(&d);
			json_text_free(data);
		}
		if (h.found != cases[i].found)
			fail_msg("case %zu", i);
	}
}

TEST_MAIN(NULL, NULL)
