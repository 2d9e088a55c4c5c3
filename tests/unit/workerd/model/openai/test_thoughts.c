/*
 * Thoughts in a model's text: they are cut the same however the text is split, and nothing else is.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/model/openai/thoughts.h"

#define TEXT_MAX (256u * 1024)

/* Cuts the text, in pieces of so many bytes after a first one, as a reply's owner does. */
static void
cut(const char *text, size_t first, size_t step, bool inside, struct buf *out)
{
	const size_t len = strlen(text);
	struct thoughts t;
	struct slice rest;
	struct buf piece;

	buf_init(out, TEXT_MAX);
	thoughts_init(&t);
	if (inside)
		thoughts_begin_inside(&t);
	for (size_t at = 0, n = first; at < len; at += n, n = step) {
		struct slice s = {(const uint8_t *)text + at, n < len - at ? n : len - at};

		buf_init(&piece, THOUGHTS_ROOM(s.len));
		s = thoughts_cut(&t, s, &piece);
		if (t.restarted)
			buf_reset(out);
		t.restarted = false;
		assert_int_equal(buf_append(out, s.p, s.len), 0);
		buf_clear(&piece);
	}
	buf_init(&piece, THOUGHTS_ROOM(0));
	rest = thoughts_end(&t, &piece);
	assert_int_equal(buf_append(out, rest.p, rest.len), 0);
	buf_clear(&piece);
	thoughts_clear(&t);
}

static void
expect_cut(const char *text, bool inside, const char *answer)
{
	const size_t len = strlen(text);
	struct buf out;

	for (size_t first = 1; first <= len; first++)
		for (size_t step = 1; step <= len; step += len) {
			cut(text, first, step, inside, &out);
			if (!slice_eq_str(buf_slice(&out), answer))
				fail_msg("%s, split at %zu: %.*s", text, first,
				    (int)buf_len(&out), (const char *)buf_data(&out));
			buf_clear(&out);
		}
}

TEST(thoughts_are_cut_at_every_split)
{
	static const char *const cases[][2] = {
	    {"<think>hm</think>yes", "yes"},
	    {"<think>\nThe visitor is rude.\n</think>\n\nWe open at 9.", "\n\nWe open at 9."},
	    {"<thinking>hm</thinking>yes", "yes"},
	    {"<thought>hm</thought>yes", "yes"},
	    {"<thoughts>hm</thoughts>yes", "yes"},
	    {"<reasoning>hm</reasoning>yes", "yes"},
	    {"<THINK>hm</Think>yes", "yes"},
	    {"<think type=\"deep\" n='1'>hm</think >yes", "yes"},
	    {"<think>a < b > c <b>d</b> </thin </think>yes", "yes"},
	    {"<think/>yes", "yes"},
	    {"<mm:think>hm</mm:think>yes", "yes"},
	    {"<longcat_think>hm</longcat_think>yes", "yes"},
	    {"<antThinking>hm</antThinking>yes", "yes"},
	    {"<reflection>hm</reflection>yes", "yes"},
	    {"<scratchpad>hm</scratchpad>yes", "yes"},
	    {"<inner_monologue>hm</inner_monologue>yes", "yes"},
	    {"<|inner_prefix|>hm<|inner_suffix|>yes", "yes"},
	    {"<unused94>thought\nhm<unused95>yes", "yes"},
	    {"<|channel>thought\nhm<channel|>yes", "yes"},
	    {"<think>hm</think>\n<answer>yes</answer>", "\nyes"},
	    {"<think>hm</think>yes <answer>no</answer>", "yes <answer>no</answer>"},
	    {"<answer>yes</answer>", "<answer>yes</answer>"},
	    {"yes\n<tool_call>\n{\"name\": \"hand_over\"}\n</tool_call>", "yes\n"},
	    {"yes<tool_call>\n<function=hand_over>\n</function>\n</tool_call>!", "yes\n!"},
	    {"yes<tool_call>\n<function=find>\n<parameter=q>x</parameter>\n</function>\n</"
	     "tool_call>!",
		"yes\n!"},
	    {"yes<tool_call><function=find>{\"q\":\"x\"}</function></tool_call>", "yes"},
	    {"yes[TOOL_CALLS][{\"name\": \"hand_over\"}]", "yes"},
	    {"yes<|python_tag|>{\"name\": \"hand_over\"}", "yes"},
	    {"yes<function=hand_over>\n</function>", "yes"},
	    {"yes<function=hand_over>{\"reason\":\"angry\"}</function>", "yes"},
	    {"Put it between <tool_call> and </tool_call>.",
		"Put it between <tool_call> and </tool_call>."},
	    {"Close it with </scratchpad> and save.", "Close it with </scratchpad> and save."},
	    {"yes<|tool_calls_section_begin|>functions.hand_over:0<|tool_calls_section_end|>",
		"yes"},
	    {"the tag <tool_call> begins a call", "the tag <tool_call> begins a call"},
	    {"the tag [TOOL_CALLS]", "the tag [TOOL_CALLS]"},
	    {"a </function> b", "a </function> b"},
	    {"yes<|im_end|>", "yes"},
	    {"yes<|eot_id|>", "yes"},
	    {"yes<end_of_turn>\n", "yes\n"},
	    {"yes<|endoftext|>", "yes"},
	    {"yes <|im_sorry|> </s> `<|im_end|>`", "yes <|im_sorry|> </s> `<|im_end|>`"},
	    {"<think></think>yes", "yes"},
	    {"[THINK]hm[/THINK]yes", "yes"},
	    {"\xe2\x97\x81think\xe2\x96\xb7hm\xe2\x97\x81/think\xe2\x96\xb7yes", "yes"},
	    {"<|START_THINKING|>hm<|END_THINKING|>yes", "yes"},
	    {"one\n<think>hm</think>\ntwo", "one\n\ntwo"},
	    {"one <think>hm</think>two", "one two"},
	    {"<think>a</think>one<think>b</think>two", "onetwo"},
	    {"<think>`</think>one `<think>` two", "one `<think>` two"},
	    /* Nothing closes it. */
	    {"<think>hm, I never say yes", ""},
	    {"one\n<think>hm", "one\n"},
	    {"The tag <think> is not HTML.", "The tag <think> is not HTML."},
	    /* Nothing opens it. */
	    {"hm\n</think>\n\nyes", "\n\nyes"},
	    {"hm</thi</think>yes", "yes"},
	    {"</think>yes", "yes"},
	    {"<think>a</think>one</think> two", "one two"},
	    /* gpt-oss */
	    {"<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|"
	     "message|>yes<|return|>",
		"yes"},
	    {"<|channel|>analysis<|message|>a<|channel|>commentary to=x<|message|>b<|call|>"
	     "<|channel|>final<|message|>yes",
		"yes"},
	    {"<|channel|>final <|constrain|>json<|message|>{}", "{}"},
	    {"<|start|>assistant<|message|>yes<|end|>", "yes"},
	    {"<|channel|>analysis<|message|>hm", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_cut(cases[i][0], false, cases[i][1]);
}

TEST(all_other_text_is_unchanged)
{
	static const char *const cases[] = {"", "yes", "a < b", "<", "<t", "<thin",
	    "<thinker>x</thinker>", "<b>x</b>", "[link](a)", "[",
	    "\xe2\x82\xac \xe2\x97\x81 \xe2", "x <|", "x <|chan", "<<think",
	    /* Code. */
	    "Use `<think>` and `</think>`.", "``a ` <think>``",
	    "```\n<think>\nx\n</think>\n```\n", "~~~xml\n<think>\n~~~",
	    "- ```\n  <think>\n  ```", "`<think>"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_cut(cases[i], false, cases[i]);
}

TEST(a_reply_may_be_expected_to_begin_within_a_thought)
{
	expect_cut("hm\n</think>\n\nyes", true, "\n\nyes");
	expect_cut("<think>hm</think>yes", true, "yes");
	expect_cut("`hm</think>yes", true, "yes");
	expect_cut("no thought at all", true, "no thought at all");
}

/* What waits for a tag is bounded. */
TEST(long_thoughts_and_answers_are_not_kept)
{
	static char text[THOUGHTS_INSIDE_MAX + 4096];
	struct buf out;

	memset(text, 'x', sizeof(text) - 1);
	cut(text, 100, 1000, true, &out);
	assert_true(slice_eq_str(buf_slice(&out), text));
	buf_clear(&out);
	memcpy(text, "a <think>", 9);
	cut(text, 100, 1000, false, &out);
	assert_true(slice_eq_str(buf_slice(&out), "a "));
	buf_clear(&out);
	memset(text, '<', sizeof(text) - 1);
	cut(text, 100, 1000, false, &out);
	assert_true(slice_eq_str(buf_slice(&out), text));
	buf_clear(&out);
}

TEST_MAIN(NULL, NULL)
