/*
 * How texts and questions become tokens.
 */
#include "proto/base/buf.h"
#include "storaged/search/language/bag.h"
#include "storaged/search/language/question.h"
#include "tests/unit/unit.h"

static const struct languages english = {.names = {"en"}, .n = 1};
static struct question q;

/* The tokens of a text, each with a space before it. */
static void
assert_tokens(const char *text, const char *language, const char *expected)
{
	struct tokens tokens;
	struct token token;
	struct buf got;

	buf_init(&got, 4096);
	tokens_init(&tokens, slice_str(text), language);
	while (tokens_next(&tokens, &token))
		assert_int_equal(
		    buf_printf(&got, " %.*s", (int)token.len, (const char *)token.text), 0);
	assert_int_equal(buf_append(&got, "", 1), 0);
	assert_string_equal((const char *)buf_data(&got), expected);
	buf_clear(&got);
}

TEST(words_are_brought_to_their_stems_and_folded)
{
	assert_tokens("Deliveries, delivered!", "en", " deliveri deliv");
	assert_tokens("H\u00e4user Lieferungen", "de", " haus liefer");
	assert_tokens("\u00c9t\u00e9 livraisons", "fr", " ete livraison");
	assert_tokens("\u0434\u043e\u0441\u0442\u0430\u0432\u043a\u0438", "ru",
	    " \u0434\u043e\u0441\u0442\u0430\u0432\u043a");
	assert_tokens("Deliveries", "", " deliveries");
	assert_tokens("Deliveries", "tlh", " deliveries");
	assert_tokens("snake_case 12.50 \uff21", "en", " snake case 12 50 a");
	assert_tokens(" ... ", "en", "");
}

TEST(characters_of_scripts_without_spaces_are_tokens_alone_and_in_pairs)
{
	assert_tokens(
	    "\u6771\u4eac\u90fd", "ja", " \u6771\u4eac \u6771 \u4eac\u90fd \u4eac \u90fd");
	assert_tokens("a\u6771b", "ja", " a \u6771 b");
	assert_tokens(
	    "\u0e2a\u0e48\u0e07", "th", " \u0e2a\u0e48 \u0e2a \u0e48\u0e07 \u0e48 \u0e07");
}

TEST(a_bag_has_each_token_once_with_its_number_and_gives_them_back)
{
	struct buf out;
	struct slice bag, token;
	unsigned count, total = 0;

	buf_init(&out, 4096);
	assert_int_equal(bag_append(&out, slice_str("cats and dogs and cats and"), "en"), 6);
	assert_true(slice_eq_str(buf_slice(&out), "and:3 cat:2 dog"));
	bag = buf_slice(&out);
	while (bag_next(&bag, &token, &count))
		total += count;
	assert_int_equal(total, 6);
	buf_clear(&out);
}

/* The tokens of the question's words, with "|" between words and "/" between tokens of a word. */
static void
assert_question(const char *text, const char *before, const struct languages *languages,
    const char *expected)
{
	struct buf got;

	buf_init(&got, 4096);
	question_parse(&q, slice_str(text), slice_str(before), languages);
	for (size_t i = 0; i < q.n_words; i++)
		for (size_t k = 0; k < q.words[i].n; k++) {
			struct slice token = question_token(&q, q.words[i].first + k);

			assert_int_equal(buf_printf(&got, "%s%.*s",
					     k > 0       ? "/"
						 : i > 0 ? "|"
							 : "",
					     (int)token.len, (const char *)token.p),
			    0);
		}
	assert_int_equal(buf_append(&got, "", 1), 0);
	assert_string_equal((const char *)buf_data(&got), expected);
	buf_clear(&got);
}

TEST(function_words_are_left_out_unless_nothing_is_left)
{
	assert_question("How long does the delivery take?", "", &english, "long|deliveri|take");
	assert_question("And what is it?", "", &english, "and|what|is|it");
	assert_question("", "", &english, "");
	assert_question("delivery Delivery deliveries", "", &english, "deliveri");
}

TEST(a_word_has_a_stem_for_each_language_of_the_content)
{
	const struct languages both = {.names = {"en", "de"}, .n = 2};

	assert_question("Lieferungen", "", &both, "lieferungen/liefer");
	assert_question("Hotel", "", &both, "hotel");
}

TEST(words_of_the_question_before_follow_with_a_lower_weight)
{
	assert_question(
	    "And to Spain?", "Do you ship to Norway?", &english, "spain|ship|norway");
	assert_true(q.words[0].weight == 1 && q.words[0].counts);
	assert_true(q.words[1].weight == WEIGHT_BEFORE && !q.words[1].counts);
	assert_question("And then?", "Do you ship?", &english, "ship");
	assert_true(q.words[0].counts);
}

TEST(a_long_question_is_cut)
{
	char text[12000];
	size_t n = 0;

	for (int i = 0; n + 16 < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "word%d ", i);
	question_parse(&q, slice_str(text), slice_str(text), &english);
	assert_int_equal(q.n_words, QUESTION_WORDS);
}

TEST_MAIN(NULL, NULL)
