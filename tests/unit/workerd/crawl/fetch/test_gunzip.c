/*
 * Compressed files: of one member, of several, and damaged ones.
 */
#include "workerd/crawl/fetch/gunzip.h"

#include "tests/unit/unit.h"

/* printf '<a>' | gzip -n */
#define A                                                                                      \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xb3\x49\xb4\x03\x00\xab\x82\xb7\x6f\x03\x00" \
	"\x00\x00"
/* printf '</a>' | gzip -n */
#define B                                                                                      \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xb3\xd1\x4f\xb4\x03\x00\x95\xde\x2f\x15\x04" \
	"\x00\x00\x00"

#define S(bytes)                                            \
	{                                                   \
		(const uint8_t *)(bytes), sizeof(bytes) - 1 \
	}

static const struct {
	struct slice bytes;
	const char *content; /* NULL: refused */
} cases[] = {
    {S(A), "<a>"},
    {S(A B), "<a></a>"},
    {S(A B A), "<a></a><a>"},
    {S(A "\0\0\0"), "<a>"},
    {S(A "text"), "<a>"},
    {S(A "\x1f\x8b\x08"), NULL},
    {S("\x1f\x8b\x08"), NULL},
    {S("<a>"), NULL},
};

TEST(all_members_are_read)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;
		int r;

		buf_init(&out, 64);
		r = gunzip_add(&out, cases[i].bytes);
		assert_int_equal(r, cases[i].content == NULL ? -1 : 0);
		if (r == 0)
			assert_true(slice_eq_str(buf_slice(&out), cases[i].content));
		buf_clear(&out);
	}
}

TEST(members_that_are_too_long_together_are_refused)
{
	static const struct slice bytes = S(A B);
	struct buf out;

	buf_init(&out, 5);
	assert_int_equal(gunzip_add(&out, bytes), -1);
	buf_clear(&out);
}

TEST_MAIN(NULL, NULL)
