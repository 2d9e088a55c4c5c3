/*
 * The comparison of vectors, and the joining of rankings.
 */
#include <math.h>

#include "storaged/search/ranking/dot.h"
#include "storaged/search/ranking/fusion.h"
#include "storaged/search/ranking/row.h"
#include "storaged/search/ranking/vectors.h"
#include "tests/unit/unit.h"

#define NUMBERS 100 /* no multiple of DOT_STEP */
#define ROWS    300

static const struct scope all = {.all = true, .n = SCOPE_SOURCES};
static uint32_t seed = 1;

static int
random_byte(void)
{
	seed = seed * 1664525u + 1013904223u;
	return (int)(seed >> 24) - 128;
}

TEST(the_fastest_product_is_the_plain_one)
{
	int8_t a[4096];
	int16_t b[4096];

	for (size_t n = DOT_STEP; n <= ARRAY_LEN(a); n *= 2) {
		for (size_t i = 0; i < n; i++) {
			a[i] = (int8_t)random_byte();
			b[i] = (int16_t)(random_byte() * 31);
		}
		assert_int_equal(dot_best()(a, b, n), dot_plain(a, b, n));
	}
	memset(a, -128, sizeof(a));
	for (size_t i = 0; i < ARRAY_LEN(b); i++)
		b[i] = DOT_MOST;
	assert_int_equal(dot_best()(a, b, ARRAY_LEN(a)), dot_plain(a, b, ARRAY_LEN(a)));
}

/* The vector of a row: its first number says which. */
static void
add(struct vectors *v, int64_t row)
{
	int8_t values[NUMBERS];

	for (size_t i = 0; i < NUMBERS; i++)
		values[i] = (int8_t)random_byte();
	vectors_add(v, row, (struct slice){(const uint8_t *)values, NUMBERS});
}

/* The row that is most similar to the vector of one, and its cosine. */
static int64_t
nearest(const struct vectors *v, size_t at, const struct scope *scope, float *cosine)
{
	struct ranked best[10];
	float question[NUMBERS];
	size_t n;

	for (size_t i = 0; i < NUMBERS; i++)
		question[i] = 0.01f * v->values[at * v->stride + i];
	n = vectors_find(v, scope, question, NUMBERS, best, ARRAY_LEN(best));
	*cosine = n > 0 ? best[0].score : 0;
	return n > 0 ? best[0].row : 0;
}

TEST(a_vector_is_most_similar_to_itself)
{
	struct vectors v = {0};
	float cosine, zero[NUMBERS] = {0}, broken[NUMBERS] = {NAN};
	struct ranked best[1];

	for (int64_t row = 1; row <= ROWS; row++)
		add(&v, row);
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(nearest(&v, i, &all, &cosine), i + 1);
		assert_true(fabsf(cosine - 1) < 0.001f);
	}
	assert_int_equal(vectors_find(&v, &all, zero, NUMBERS, best, 1), 0);
	assert_int_equal(vectors_find(&v, &all, zero, NUMBERS - 1, best, 1), 0);
	vectors_find(&v, &all, broken, NUMBERS, best, 1);
	vectors_clear(&v);
}

TEST(removed_vectors_and_other_sources_are_not_found)
{
	const int64_t rows[] = {row_make(1, 3, 0), row_make(1, 5, 0)};
	struct scope second = {.n = 1, .sources = {2}};
	struct vectors v = {0};
	float cosine;

	for (int64_t i = 0; i < 10; i++)
		add(&v, row_make(i % 2 + 1, i, 0));
	assert_int_equal(row_source(nearest(&v, 0, &second, &cosine)), 2);
	vectors_remove(&v, rows, ARRAY_LEN(rows));
	assert_int_equal(v.n, 10);
	vectors_remove(&v, (const int64_t[]){row_make(1, 4, 0), row_make(2, 5, 0)}, 2);
	assert_int_equal(v.n, 8);
	vectors_remove_source(&v, 1);
	assert_int_equal(v.n, 4);
	for (size_t i = 0; i < v.n; i++)
		assert_int_equal(nearest(&v, i, &all, &cosine), v.rows[i]);
	vectors_clear(&v);
}

static bool
is_vectorless(void *arg, int64_t row)
{
	return row == *(const int64_t *)arg;
}

TEST(rankings_are_joined_by_their_ranks)
{
	const struct ranked words[] = {{.row = 1, .words = 1}, {.row = 2}, {.row = 3}};
	const struct ranked vectors[] = {{.row = 2, .score = 0.9f}, {.row = 4, .score = 0.8f}};
	int64_t vectorless = 0;
	struct fused out[4];

	assert_int_equal(
	    fusion_join(words, 3, vectors, 2, is_vectorless, &vectorless, out, 4), 4);
	assert_int_equal(out[0].ranked.row, 2);
	assert_true(out[0].similarity == 0.9f);
	assert_int_equal(out[1].ranked.row, 1);
	assert_int_equal(out[1].ranked.words, 1);
	assert_int_equal(out[3].ranked.row, 3);
	vectorless = 1;
	assert_int_equal(
	    fusion_join(words, 3, vectors, 2, is_vectorless, &vectorless, out, 2), 2);
	assert_int_equal(out[0].ranked.row, 1);
	assert_true(out[0].ranked.score == 1);
}

TEST(the_code_of_a_length_is_within_3_percent)
{
	for (unsigned n = 1; n < 60000; n = n * 11 / 10 + 1) {
		float length = row_length(row_make(1, 1, row_length_code(n)));

		assert_true(fabsf(length - (float)n) <= 0.03f * (float)n + 0.5f);
	}
}

TEST_MAIN(NULL, NULL)
