/*
 * Ids: the layout of RFC 9562, the order for every behaviour of the clock, and the text form.
 *
 * This file replaces clock_gettime(2), which the C library does not call for anything relevant
 * here: CLOCK_REALTIME returns what a test has set.
 */
#include <sys/syscall.h>
#include <time.h>

#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "tests/unit/unit.h"

static uint64_t wall_ms = UINT64_C(1700000000000);

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	if (clock != CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, clock, ts);
	ts->tv_sec = (time_t)(wall_ms / 1000);
	ts->tv_nsec = (long)(wall_ms % 1000) * 1000000;
	return 0;
}

static unsigned
id_counter(const struct id *id)
{
	return (id->b[6] & 0xfu) << 8 | id->b[7];
}

TEST(an_id_is_a_uuid_of_version_7)
{
	wall_ms += 1000;
	assert_int_equal(clock_wall_ms(), wall_ms);
	for (int i = 0; i < 1000; i++) {
		struct id id = id_new();

		assert_int_equal(id.b[6] >> 4, 7);
		assert_int_equal(id.b[8] >> 6, 2);
		assert_int_equal(id_ms(&id), wall_ms);
		assert_int_equal(id_counter(&id), i);
	}
}

/* Far more ids than a pool of random bytes holds or a millisecond's counter counts. */
TEST(ids_sort_by_creation)
{
	struct id last = id_new();

	for (int i = 0; i < 20000; i++) {
		struct id id = id_new();

		assert_true(memcmp(last.b, id.b, sizeof(id.b)) < 0);
		assert_true(memcmp(last.b + 8, id.b + 8, 8) != 0);
		last = id;
	}
	/* The time of the last id may run ahead by one millisecond for every 4096 ids. */
	assert_true(id_ms(&last) <= wall_ms + 20000 / 4096 + 2);
}

TEST(a_clock_that_steps_back_does_not_break_the_order)
{
	static const int64_t steps[] = {
	    0, -1, -3600000, 5, -5, 3600100, 0, -1, 1, 100000, -86400000};
	struct id last = id_new();

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		wall_ms = (uint64_t)((int64_t)wall_ms + steps[i]);
		for (int n = 0; n < 3; n++) {
			struct id id = id_new();

			assert_true(memcmp(last.b, id.b, sizeof(id.b)) < 0);
			last = id;
		}
	}
	wall_ms = id_ms(&last) + 5;
	last = id_new();
	assert_int_equal(id_ms(&last), wall_ms);
	assert_int_equal(id_counter(&last), 0);
}

/* Each of the 62 bits must be 0 and 1 at least once; the odds against it in 400 ids are 2^-393. */
TEST(the_random_bits_are_all_random)
{
	uint8_t ones[8] = {0}, zeros[8] = {0};

	for (int i = 0; i < 400; i++) {
		struct id id = id_new();

		for (int k = 0; k < 8; k++) {
			ones[k] |= id.b[8 + k];
			zeros[k] |= (uint8_t)~id.b[8 + k];
		}
	}
	assert_int_equal(ones[0], 0xbf);
	assert_int_equal(zeros[0], 0x7f);
	for (int k = 1; k < 8; k++) {
		assert_int_equal(ones[k], 0xff);
		assert_int_equal(zeros[k], 0xff);
	}
}

TEST(text_round_trips)
{
	static const struct id known = {{0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3, 0x98,
	    0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f}};
	char text[ID_TEXT_LEN + 1];
	struct id back;

	/* The example of RFC 9562, appendix A.6. */
	id_format(&known, text);
	assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	assert_int_equal(id_parse(slice_str(text), &back), 0);
	assert_true(id_equal(&back, &known));
	assert_int_equal(id_parse(slice_str("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), &back), 0);
	assert_true(id_equal(&back, &known));
	for (int i = 0; i < 100; i++) {
		struct id id = id_new();

		id_format(&id, text);
		assert_int_equal(strlen(text), ID_TEXT_LEN);
		assert_int_equal(id_parse(slice_str(text), &back), 0);
		assert_true(id_equal(&back, &id));
	}
}

TEST(invalid_text_is_refused_and_changes_nothing)
{
	static const char good[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
	struct id before = id_new(), out = before;

	assert_int_equal(id_parse((struct slice){NULL, 0}, &out), -1);
	for (size_t n = 0; n < ID_TEXT_LEN; n++)
		assert_int_equal(id_parse((struct slice){(const uint8_t *)good, n}, &out), -1);
	assert_int_equal(
	    id_parse(slice_str("017f22e2-79b0-7cc3-98c4-dc0c0c07398f0"), &out), -1);
	assert_int_equal(id_parse(slice_str("017f22e279b07cc398c4dc0c0c07398f----"), &out), -1);
	for (size_t i = 0; i < ID_TEXT_LEN; i++) {
		static const char wrong[] = {
		    'g', 'G', '/', ':', '@', '`', '-', '0', ' ', '\0', '\xe1'};
		bool dash = good[i] == '-';

		for (size_t k = 0; k < sizeof(wrong); k++) {
			char text[sizeof(good)];

			if (wrong[k] == (dash ? '-' : '0'))
				continue;
			memcpy(text, good, sizeof(good));
			text[i] = wrong[k];
			if (id_parse((struct slice){(uint8_t *)text, ID_TEXT_LEN}, &out) != -1)
				fail_msg("place %zu, byte %02x", i, (uint8_t)wrong[k]);
		}
	}
	assert_true(id_equal(&out, &before));
}

TEST_MAIN(NULL, NULL)
