/*
 * Counts of conversations: buckets, percentiles and the encoding.
 */
#include "proto/counts/counts.h"
#include "tests/unit/unit.h"

TEST(buckets_are_in_order_and_at_most_a_quarter_wide)
{
	uint32_t first = 0;

	assert_int_equal(counts_bucket(UINT32_MAX), COUNT_BUCKETS - 1);
	for (uint32_t ms = 1; ms < 1u << 20; ms++) {
		unsigned step = counts_bucket(ms) - counts_bucket(ms - 1);

		assert_in_range(step, 0, 1);
		if (step == 1)
			first = ms;
		assert_true(ms < 4 || ms - first < (first + 3) / 4);
	}
}

TEST(a_percentile_of_evenly_spread_times_is_at_most_an_eighth_wrong)
{
	struct counts c = {.n = {0}};

	assert_int_equal(counts_percentile(&c, COUNT_FIRST_TOKEN, 50), 0);
	for (uint32_t ms = 1; ms <= 10000; ms++)
		c.n[COUNT_TOTAL_TIME + counts_bucket(ms)]++;
	for (unsigned percent = 1; percent <= 100; percent++)
		assert_in_range(counts_percentile(&c, COUNT_TOTAL_TIME, percent),
		    percent * 100 - percent * 100 / 8, percent * 100 + percent * 100 / 8);
	assert_int_equal(counts_percentile(&c, COUNT_FIRST_TOKEN, 95), 0);
}

TEST(a_percentile_of_one_time_is_in_its_bucket)
{
	static const uint32_t times[] = {1, 3, 4, 7, 8, 900, 65535, 65536, UINT32_MAX};

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct counts c = {.n = {0}};

		c.n[COUNT_FIRST_TOKEN + counts_bucket(times[i])] = 1;
		assert_int_equal(counts_bucket(counts_percentile(&c, COUNT_FIRST_TOKEN, 95)),
		    counts_bucket(times[i]));
	}
}

TEST(an_encoding_is_read_back_and_adds_up)
{
	struct counts c = {.n = {[0] = 1, [9] = 1000000, [COUNTS - 1] = UINT64_MAX}};
	struct counts twice = {.n = {0}}, full;
	uint8_t out[COUNTS_BYTES_MAX];
	size_t len;

	assert_int_equal(counts_encode(&twice, out), 0);
	len = counts_encode(&c, out);
	assert_true(counts_add_encoded(&twice, (struct slice){out, len}));
	assert_memory_equal(&twice, &c, sizeof(c));
	counts_add(&c, &c);
	assert_true(counts_add_encoded(&twice, (struct slice){out, len}));
	assert_memory_equal(&twice, &c, sizeof(c));

	memset(&full, 0xff, sizeof(full));
	assert_in_range(counts_encode(&full, out), COUNTS, COUNTS_BYTES_MAX);
}

TEST(bytes_that_are_no_encoding_are_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
	} wrong[] = {
	    {"\x00", 1},                 /* no value */
	    {"\x00\x00", 2},             /* zero is not stored */
	    {"\x00\x80\x00", 3},         /* not the shortest */
	    {"\x88\x02\x01", 3},         /* 264: there is no such number */
	    {"\x87\x02\x01\x00\x01", 5}, /* behind the last one */
	    {"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11}, /* over 64 bits */
	    {"\x00\xff", 2},                                      /* cut */
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct counts c = {.n = {0}};

		if (counts_add_encoded(
			&c, (struct slice){(const uint8_t *)wrong[i].bytes, wrong[i].len}))
			fail_msg("case %zu", i);
	}
}

TEST(counts_are_read_from_their_text)
{
	static const char *const wrong[] = {"x", "1", "1:", ":1", "1:2 ,", "2:1 1:1", "1:1 1:1",
	    "264:1", "1:9007199254740992", "1:99999999999999999", "-1:1", "1:2  3:4"};
	struct counts c = {.n = {[0] = 12, [40] = 1, [COUNTS - 1] = 9007199254740991}}, again;
	struct buf out;

	buf_init(&out, 100);
	assert_int_equal(counts_write_text(&out, &c), 0);
	assert_true(slice_eq_str(buf_slice(&out), "0:12 40:1 263:9007199254740991"));
	assert_true(counts_read_text(&again, buf_slice(&out)));
	assert_memory_equal(&again, &c, sizeof(c));
	buf_clear(&out);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (counts_read_text(&again, slice_str(wrong[i])))
			fail_msg("%s", wrong[i]);
}

TEST_MAIN(NULL, NULL)
