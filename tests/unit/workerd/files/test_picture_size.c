/*
 * The sides of pictures, also of files that are cut or damaged.
 */
#include <string.h>

#include "tests/media/pictures.h"
#include "tests/unit/unit.h"
#include "workerd/files/picture_size.h"

/* In memory of exactly its size, so that sanitizers see a read behind it. */
static bool
read_exactly(const void *bytes, size_t n, uint32_t *width, uint32_t *height)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	bool found;

	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, bytes, n);
	found = picture_size_read((struct slice){copy, n}, width, height);
	free(copy);
	return found;
}

/* An orientation may exchange the sides. */
static bool
has_sides(const struct picture_case *c, uint32_t width, uint32_t height)
{
	return (width == c->width && height == c->height) ||
	    (width == c->height && height == c->width);
}

static void
check_case(void *arg, const struct picture_case *c)
{
	const struct slice bytes = buf_slice(&c->bytes);
	size_t *n = arg, first = 0;
	uint32_t width, height;

	if (!read_exactly(bytes.p, bytes.len, &width, &height) || !has_sides(c, width, height))
		fail_msg("%s %s: %u x %u", file_kind_name(c->kind), c->name, width, height);
	/* Cut anywhere, it has no sides, or the same. */
	for (size_t cut = 0; cut < bytes.len && cut < 2000; cut++) {
		const bool found = read_exactly(bytes.p, cut, &width, &height);

		if (found && !has_sides(c, width, height))
			fail_msg("%s cut at %zu", c->name, cut);
		if (found && first == 0)
			first = cut;
		assert_true(found || first == 0);
		assert_true(!found || cut >= 10);
	}
	(*n)++;
}

TEST(pictures_of_each_format_have_their_sides_wherever_they_are_cut)
{
	size_t n = 0;

	pictures_make(check_case, &n);
	assert_true(n > 20);
}

#define BYTES(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}
#define JPEG_FRAME(h, w) "\xff\xc0\x00\x07\x08" h w

static const struct {
	struct {
		const char *p;
		size_t n;
	} file;
	uint32_t width, height; /* 0: none */
} cases[] = {
    {BYTES(""), 0, 0},
    {BYTES("GIF89a\x00\x00\x01\x00"), 0, 0},
    {BYTES("GIF87a\xff\xff\x01\x00"), 65535, 1},
    {BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\0\0\0\1"), 0x7fffffff, 1},
    {BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x80\0\0\0\0\0\0\1"), 0, 0},
    {BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\1"), 0, 0},
    {BYTES("\x89PNG\r\n\x1a\n\0\0\0\rtEXt\0\0\0\1\0\0\0\1"), 0, 0},
    {BYTES("\xff\xd8" JPEG_FRAME("\xff\xff", "\x00\x01")), 1, 65535},
    {BYTES("\xff\xd8" JPEG_FRAME("\x00\x00", "\x00\x01")), 0, 0},
    /* Bytes that fill, and a segment before it */
    {BYTES("\xff\xd8\xff\xff\xff\xe0\x00\x04xx\xff" JPEG_FRAME("\x00\x02", "\x00\x03")), 3, 2},
    /* Lengths of 0, 1, and beyond the file; a frame's header that is too short */
    {BYTES("\xff\xd8\xff\xe0\x00\x00" JPEG_FRAME("\x00\x02", "\x00\x03")), 0, 0},
    {BYTES("\xff\xd8\xff\xe0\x00\x01" JPEG_FRAME("\x00\x02", "\x00\x03")), 0, 0},
    {BYTES("\xff\xd8\xff\xe0\xff\xff" JPEG_FRAME("\x00\x02", "\x00\x03")), 0, 0},
    {BYTES("\xff\xd8\xff\xc0\x00\x06\x08\x00\x02\x00\x03"), 0, 0},
    /* Other markers of the same range, a scan and the end come before it */
    {BYTES("\xff\xd8\xff\xc4\x00\x07\x08\x00\x09\x00\x09" JPEG_FRAME("\x00\x02", "\x00\x03")),
	3, 2},
    {BYTES("\xff\xd8\xff\xda\x00\x02" JPEG_FRAME("\x00\x02", "\x00\x03")), 0, 0},
    {BYTES("\xff\xd8\xff\xd9\x00\x02" JPEG_FRAME("\x00\x02", "\x00\x03")), 0, 0},
    {BYTES("RIFF....WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\0\0\0"), 16777216, 1},
    {BYTES("RIFF....WEBPVP8L\x0a\0\0\0\x2f\xff\xff\xff\xff\0\0\0\0\0"), 16384, 16384},
    {BYTES("RIFF....WEBPVP8L\x0a\0\0\0\x2e\xff\xff\xff\xff\0\0\0\0\0"), 0, 0},
    {BYTES("RIFF....WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\x02\xc0\x03\xc0"), 2, 3},
    {BYTES("RIFF....WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2b\x02\xc0\x03\xc0"), 0, 0},
    {BYTES("RIFF....WEBPALPH\x0a\0\0\0\0\0\0\x9d\x01\x2a\x02\xc0\x03\xc0"), 0, 0},
    {BYTES("%PDF-1.7 and more than thirty bytes of it"), 0, 0},
};

TEST(files_with_odd_sides_have_those_or_none)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t width, height;
		const bool found =
		    read_exactly(cases[i].file.p, cases[i].file.n, &width, &height);

		if (found != (cases[i].width > 0) ||
		    (found && (width != cases[i].width || height != cases[i].height)))
			fail_msg("case %zu: %d, %u x %u", i, found, width, height);
	}
}

TEST_MAIN(NULL, NULL)
