/*
 * The digest of a row of the commit log.
 */
#include "storaged/replication/log_row.h"
#include "tests/unit/unit.h"

static struct log_row
some_row(void)
{
	struct log_row row = {.seq = 7, .epoch = 2, .schema = 6, .data = slice_str("data")};

	memset(row.prev.b, 0xab, sizeof(row.prev.b));
	return row;
}

/* Machines of different versions must compute the same. The bytes are from another implementation (Python's hashlib). */
TEST(the_digest_of_a_row_is_always_the_same)
{
	static const uint8_t expected[] = {
	    0xbe,
	    0x87,
	    0x99,
	    0xb0,
	    0x00,
	    0x82,
	    0x04,
	    0x5c,
	    0x23,
	    0xc6,
	    0xba,
	    0x68,
	    0xe1,
	    0x2c,
	    0x1e,
	    0x0f,
	    0x83,
	    0x06,
	    0x78,
	    0x1c,
	    0xe6,
	    0x36,
	    0xeb,
	    0x1e,
	    0x59,
	    0x81,
	    0x2e,
	    0xb9,
	    0xf7,
	    0x36,
	    0xaa,
	    0x72,
	};
	struct log_row row = some_row();
	struct hash256 digest = log_row_digest(&row);

	assert_int_equal(sizeof(expected), sizeof(digest.b));
	assert_memory_equal(digest.b, expected, sizeof(expected));
}

static void
expect_other(const struct log_row *row)
{
	struct log_row one = some_row();
	struct hash256 a = log_row_digest(&one), b = log_row_digest(row);

	assert_false(hash_equal(&a, &b));
}

TEST(every_field_changes_the_digest)
{
	struct log_row row = some_row();

	row.seq++;
	expect_other(&row);
	row = some_row();
	row.epoch++;
	expect_other(&row);
	row = some_row();
	row.schema++;
	expect_other(&row);
	row = some_row();
	row.prev.b[31] ^= 1;
	expect_other(&row);
	row = some_row();
	row.data.len--;
	expect_other(&row);
}

TEST_MAIN(NULL, NULL)
