/*
 * Pictures of each format: what becomes of them, of those that are damaged, and of those that are too large.
 */
#include <string.h>

#include "tests/media/pictures.h"
#include "tests/unit/unit.h"
#include "workerd/mediad/media/media.h"
#include "workerd/mediad/media/media_codecs.h"

#define DAMAGED_EACH 60

/* Compression changes colours. */
static bool
is_near(const uint8_t a[4], const uint8_t b[4], int by)
{
	for (int i = 0; i < 4; i++)
		if (abs(a[i] - b[i]) > by)
			return false;
	return true;
}

static void
read_copy(const struct media_copy *copy, struct media_source *out)
{
	memset(out, 0, sizeof(*out));
	assert_int_equal(copy->kind == FILE_JPEG ? media_jpeg_read(copy->bytes, out)
						 : media_png_read(copy->bytes, out),
	    MEDIA_OK);
	assert_int_equal(out->width, copy->width);
	assert_int_equal(out->height, copy->height);
}

/* In the middle of each quarter. */
static void
check_colors(const struct picture_case *c, const struct picture *p)
{
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t x = p->width * (1 + 2 * (i % 2)) / 4,
			 y = p->height * (1 + 2 * (i / 2)) / 4;
		const uint8_t *is = p->rgba + 4 * ((size_t)y * p->width + x);
		uint8_t want[4];

		pictures_color(x, y, p->width, p->height, c->transparent, want);
		if (want[3] == 0 && is[3] == 0)
			continue;
		if (c->gray)
			want[0] = want[1] = want[2] =
			    (uint8_t)((77 * want[0] + 150 * want[1] + 29 * want[2]) / 256);
		if (!is_near(is, want, 24))
			fail_msg("%s %s: quarter %u is %u %u %u %u", file_kind_name(c->kind),
			    c->name, i, is[0], is[1], is[2], is[3]);
	}
}

/* A frame that is smaller than the canvas is at its place, and the rest is transparent. */
static bool
is_part(const struct picture_case *c)
{
	return c->width == 64;
}

static void
check_part(const struct picture *p)
{
	const uint8_t red[] = {255, 0, 0, 255};

	assert_true(is_near(p->rgba + 4 * ((size_t)10 * p->width + 10), red, 24));
	assert_int_equal(p->rgba[(size_t)4 * p->width * p->height - 1], 0);
}

static void
check_case(void *arg, const struct picture_case *c)
{
	struct media_result r;

	(*(unsigned *)arg)++;
	media_convert(buf_slice(&c->bytes), &r);
	if (r.status != MEDIA_OK || r.width != c->width || r.height != c->height)
		fail_msg("%s %s: %s, %u x %u", file_kind_name(c->kind), c->name,
		    media_status_name(r.status), r.width, r.height);
	for (size_t i = 0; i < MEDIA_SIZES; i++) {
		struct slice bytes = r.copies[i].bytes;
		struct media_source copy;

		assert_null(memmem(bytes.p, bytes.len, "canary", 6));
		assert_null(memmem(bytes.p, bytes.len, "Exif", 4));
		assert_int_equal(r.copies[i].kind, c->transparent ? FILE_PNG : FILE_JPEG);
		read_copy(&r.copies[i], &copy);
		assert_int_equal(copy.picture.width, c->width);
		assert_int_equal(copy.picture.height, c->height);
		if (is_part(c))
			check_part(&copy.picture);
		else
			check_colors(c, &copy.picture);
		picture_clear(&copy.picture);
	}
	media_result_clear(&r);
}

TEST(each_kind_of_picture_shows_the_same_and_has_no_other_data)
{
	unsigned n = 0;

	pictures_make(check_case, &n);
	assert_int_equal(n, 39);
}

static void
cut_case(void *arg, const struct picture_case *c)
{
	struct slice bytes = buf_slice(&c->bytes);
	size_t end = bytes.len;
	struct media_result r;

	(void)arg;
	/* What is behind the end of the picture may be missing. */
	if (strcmp(c->name, "data") == 0 || strncmp(c->name, "orientation", 11) == 0 ||
	    strcmp(c->name, "moving") == 0 || strcmp(c->name, "part") == 0)
		return;
	/* A GIF's trailer, and the block's end before it, are not needed. */
	if (c->kind == FILE_GIF)
		end -= 2;
	for (size_t n = 0; n < end; n++) {
		uint8_t *exact = malloc(n > 0 ? n : 1);

		memcpy(exact, bytes.p, n);
		media_convert((struct slice){exact, n}, &r);
		if (r.status != MEDIA_DAMAGED && r.status != MEDIA_UNSUPPORTED)
			fail_msg("%s %s: %s with %zu of %zu bytes", file_kind_name(c->kind),
			    c->name, media_status_name(r.status), n, bytes.len);
		media_result_clear(&r);
		free(exact);
	}
}

TEST(a_picture_that_is_cut_at_any_byte_is_damaged)
{
	pictures_make(cut_case, NULL);
}

static void
damage_case(void *arg, const struct picture_case *c)
{
	unsigned *seen = arg;

	for (uint32_t seed = 0; seed < DAMAGED_EACH; seed++) {
		struct media_result r, again;
		struct buf bytes, encoded;

		buf_init(&bytes, 1u << 20);
		buf_init(&encoded, MEDIA_RESULT_MAX);
		pictures_damage(buf_slice(&c->bytes), seed, &bytes);
		media_convert(buf_slice(&bytes), &r);
		seen[r.status]++;
		assert_true(media_result_encode(&r, &encoded));
		assert_true(media_result_decode(buf_slice(&encoded), &again));
		assert_int_equal(again.status, r.status);
		media_result_clear(&r);
		buf_clear(&encoded);
		buf_clear(&bytes);
	}
}

TEST(a_damaged_picture_gives_whole_copies_or_a_reason)
{
	unsigned seen[MEDIA_STATUSES] = {0};

	pictures_make(damage_case, seen);
	for (size_t i = 0; i < MEDIA_STATUSES; i++)
		assert_true(seen[i] > 0);
}

static enum media_status
status_of(const void *bytes, size_t n)
{
	struct media_result r;

	media_convert((struct slice){bytes, n}, &r);
	media_result_clear(&r);
	return r.status;
}

TEST(what_is_no_picture_is_unsupported)
{
	static const char *const texts[] = {"", "x", "GIF8", "%PDF-1.7", "PK\3\4", "<svg/>",
	    "RIFF\1\0\0\0WAVE", "BM", "\x89PNG"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(status_of(texts[i], strlen(texts[i])), MEDIA_UNSUPPORTED);
}

/* Headers alone: nothing may be allocated for them. */
TEST(sides_over_the_limit_are_refused_before_pixels_are_read)
{
	static const uint8_t gif[] = "GIF89a\xff\xff\xff\xff\x80\0\0"
				     "\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2L\1\0;";
	static const uint8_t gif_frame[] =
	    "GIF89a\1\0\1\0\x80\0\0"
	    "\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\2\2L\1\0;";
	static const uint8_t webp[] = "RIFF\x1a\0\0\0WEBPVP8X\xa\0\0\0\0\0\0\0"
				      "\xff\x7f\0\xff\x7f\0\0\0\0";
	struct buf png, jpeg;
	uint8_t *sof;

	buf_init(&png, 1u << 20);
	buf_init(&jpeg, 1u << 20);
	pictures_make_large(FILE_PNG, 64, 64, &png);
	memcpy((uint8_t *)(uintptr_t)buf_data(&png) + 16, "\0\1\x86\xa0", 4); /* 100,000 */
	assert_int_equal(status_of(buf_data(&png), buf_len(&png)), MEDIA_TOO_LARGE);
	pictures_make_large(FILE_JPEG, 64, 64, &jpeg);
	sof = memmem(buf_data(&jpeg), buf_len(&jpeg), "\xff\xc2", 2);
	assert_non_null(sof);
	memcpy(sof + 5, "\xff\0\xff\0", 4);
	assert_int_equal(status_of(buf_data(&jpeg), buf_len(&jpeg)), MEDIA_TOO_LARGE);
	assert_int_equal(status_of(gif, sizeof(gif) - 1), MEDIA_TOO_LARGE);
	assert_int_equal(status_of(gif_frame, sizeof(gif_frame) - 1), MEDIA_TOO_LARGE);
	assert_int_not_equal(status_of(webp, sizeof(webp) - 1), MEDIA_OK);
	buf_clear(&png);
	buf_clear(&jpeg);
}

static void
check_large(enum file_kind kind, uint32_t width, uint32_t height, enum media_status status)
{
	struct media_result r;
	struct buf bytes;

	buf_init(&bytes, 16u << 20);
	pictures_make_large(kind, width, height, &bytes);
	media_convert(buf_slice(&bytes), &r);
	assert_int_equal(r.status, status);
	if (status == MEDIA_OK) {
		assert_int_equal(r.width, width);
		assert_int_equal(r.height, height);
		assert_true(r.copies[MEDIA_SHOWN].width <= PICTURE_SHOWN_MAX);
		assert_true(r.copies[MEDIA_SHOWN].height <= PICTURE_SHOWN_MAX);
		assert_true(r.copies[MEDIA_SMALL].width <= PICTURE_SMALL_MAX);
		assert_true(r.copies[MEDIA_SMALL].height <= PICTURE_SMALL_MAX);
	}
	media_result_clear(&r);
	buf_clear(&bytes);
}

TEST(a_small_file_of_many_pixels_is_read_up_to_the_limits)
{
	check_large(FILE_PNG, 5000, 5000, MEDIA_OK);
	check_large(FILE_PNG, 5001, 5000, MEDIA_TOO_LARGE);
	check_large(FILE_PNG, 16384, 1, MEDIA_OK);
	check_large(FILE_PNG, 16385, 1, MEDIA_TOO_LARGE);
	check_large(FILE_JPEG, 5000, 5000, MEDIA_OK);
	check_large(FILE_JPEG, 1, 16384, MEDIA_OK);
	check_large(FILE_JPEG, 1, 16385, MEDIA_TOO_LARGE);
}

TEST(a_longest_side_of_2049_becomes_2048)
{
	uint32_t width = 2049, height = 1;

	picture_fit(&width, &height, PICTURE_SHOWN_MAX);
	assert_int_equal(width, 2048);
	assert_int_equal(height, 1);
	width = 3000;
	height = 4000;
	picture_fit(&width, &height, PICTURE_SMALL_MAX);
	assert_int_equal(width, 240);
	assert_int_equal(height, 320);
}

/* 3 x 1 to 2 x 1: a pixel is one and a half of the old ones. A transparent one has no colour. */
TEST(a_scaled_pixel_is_the_mean_of_its_area)
{
	uint8_t pixels[] = {90, 0, 0, 255, 30, 0, 0, 255, 255, 255, 255, 0};
	struct picture p = {3, 1, pixels}, out;

	assert_int_equal(picture_scale(&p, 2, 1, &out), MEDIA_OK);
	assert_int_equal(out.rgba[0], 70);
	assert_int_equal(out.rgba[3], 255);
	assert_int_equal(out.rgba[4], 30);
	assert_int_equal(out.rgba[5], 0);
	assert_int_equal(out.rgba[7], 85);
	picture_clear(&out);
}

TEST(a_scaled_picture_of_one_colour_keeps_it)
{
	struct picture p, out;

	assert_int_equal(picture_new(&p, 777, 555), MEDIA_OK);
	memset(p.rgba, 255, (size_t)4 * 777 * 555);
	assert_int_equal(picture_scale(&p, 320, 229, &out), MEDIA_OK);
	for (size_t i = 0; i < (size_t)4 * 320 * 229; i++)
		assert_int_equal(out.rgba[i], 255);
	picture_clear(&out);
	picture_clear(&p);
}

static void
result_of_picture(void *arg, const struct picture_case *c)
{
	struct media_result r;

	if (c->kind != FILE_PNG || strcmp(c->name, "rgba") != 0)
		return;
	media_convert(buf_slice(&c->bytes), &r);
	assert_true(media_result_encode(&r, arg));
	media_result_clear(&r);
}

TEST(a_result_is_read_whole_or_not_at_all)
{
	struct media_result r;
	struct buf bytes;

	buf_init(&bytes, MEDIA_RESULT_MAX);
	pictures_make(result_of_picture, &bytes);
	for (size_t n = 0; n < buf_len(&bytes); n++)
		assert_false(media_result_decode((struct slice){buf_data(&bytes), n}, &r));
	assert_true(media_result_decode(buf_slice(&bytes), &r));
	assert_int_equal(r.copies[MEDIA_SHOWN].width, 48);
	/* What begins like another kind of file is no copy. */
	memcpy((uint8_t *)(uintptr_t)r.copies[MEDIA_SHOWN].bytes.p, "<html>", 6);
	assert_false(media_result_decode(buf_slice(&bytes), &r));
	buf_clear(&bytes);
}

TEST_MAIN(NULL, NULL)
