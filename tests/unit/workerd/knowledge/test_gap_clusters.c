/*
 * Which questions are similar, and their clusters.
 */
#include <stdio.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/knowledge/gap_clusters.h"

static bool
are_similar(const char *a, const char *b)
{
	struct gap_words left, right;

	gap_words_read(&left, slice_str(a));
	gap_words_read(&right, slice_str(b));
	assert_int_equal(
	    gap_words_are_similar(&left, &right), gap_words_are_similar(&right, &left));
	return gap_words_are_similar(&left, &right);
}

TEST(questions_are_similar_with_half_of_their_words_in_common)
{
	static const char *const similar[][2] = {
	    {"Do you deliver to Norway?", "do YOU deliver, to norway"},
	    {"Do you deliver to Norway?", "to Norway: do you deliver?!"},
	    {"Do you deliver to Norway?", "Do you deliver to Sweden?"},
	    {"a b", "a"},
	    {"a a a b", "a b b"},
	    {"Où est ma commande été", "ou est ma commande ete"},
	    {"STRASSE", "straße"},
	    {"配送", "送配"},
	    {"When was ﬁne 1", "when was fine 1"},
	};
	static const char *const different[][2] = {
	    {"Do you deliver to Norway?", "Is the shop open on Sundays?"},
	    {"a b c", "a"},
	    {"a b c", "c d e"},
	    {"", ""},
	    {"?!", "?!"},
	    {"a", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(similar); i++)
		if (!are_similar(similar[i][0], similar[i][1]))
			fail_msg(
			    "\"%s\" is not similar to \"%s\"", similar[i][0], similar[i][1]);
	for (size_t i = 0; i < ARRAY_LEN(different); i++)
		if (are_similar(different[i][0], different[i][1]))
			fail_msg(
			    "\"%s\" is similar to \"%s\"", different[i][0], different[i][1]);
}

TEST(only_so_many_words_of_a_long_question_count)
{
	char text[3001];
	struct gap_words words;
	size_t n = 0;

	for (int i = 0; n + 8 < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "w%d ", i);
	gap_words_read(&words, slice_str(text));
	assert_int_equal(words.n, GAP_WORDS_MAX);
	assert_true(gap_words_are_similar(&words, &words));
	for (uint32_t i = 1; i < words.n; i++)
		assert_true(words.hashes[i - 1] < words.hashes[i]);
}

TEST(a_question_belongs_to_the_first_cluster_whose_first_question_is_similar)
{
	static const struct {
		const char *question;
		size_t cluster;
	} cases[] = {
	    {"red green blue", 0},
	    {"red green", 0},
	    {"black white", 1},
	    {"RED, green, blue!", 0},
	    {"green black white", 1},
	    {"", 2},
	    {"", 3},
	    {"blue green grey", 0},
	    /* Like the question before, but not like the first of the cluster. */
	    {"grey blue", 4},
	};
	struct gap_clusters *c = gap_clusters_new();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
		    gap_clusters_add(c, slice_str(cases[i].question)), cases[i].cluster);
	gap_clusters_free(c);
	gap_clusters_free(NULL);
}

TEST(there_may_be_thousands_of_clusters)
{
	struct gap_clusters *c = gap_clusters_new();
	char text[32];

	for (size_t i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "question%zu about%zu", i, i);
		assert_int_equal(gap_clusters_add(c, slice_str(text)), i);
	}
	assert_int_equal(gap_clusters_add(c, slice_str("about1999 question1999")), 1999);
	gap_clusters_free(c);
}

TEST_MAIN(NULL, NULL)
