/*
 * Conversions by real children: build/media-extract, beside the tests.
 */
#include <string.h>

#include "tests/media/pictures.h"
#include "tests/unit/unit.h"
#include "workerd/mediad/conversions.h"

static struct event_base *base;
static struct conversions *all;
static unsigned n_done, n_whole;
static enum media_status last;

/* The program of the same build: …/build/unit/…/test_conversions → …/build/media-extract. */
static const char *
find_program(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, 4000);
	char *unit;

	assert_true(n > 0);
	path[n] = '\0';
	unit = strstr(path, "/unit/");
	assert_non_null(unit);
	strcpy(unit, "/media-extract"); /* NOLINT: shorter than what it replaces */
	return path;
}

static void
open_with(const char *program)
{
	int spawner = conversions_spawner_start(program);

	assert_int_not_equal(spawner, -1);
	base = event_base_new();
	all = conversions_new(base, spawner);
	n_done = n_whole = 0;
}

FIXTURE(set_up)
{
	open_with(find_program());
}

FIXTURE(tear_down)
{
	conversions_free(all);
	event_base_free(base);
}

static void
on_done(void *arg, const struct media_result *result)
{
	(void)arg;
	n_done++;
	if (result == NULL)
		return;
	n_whole++;
	last = result->status;
	if (last == MEDIA_OK)
		assert_int_equal(
		    file_kind_of(result->copies[MEDIA_SMALL].bytes, true), FILE_JPEG);
}

/* In pieces, as storaged has them. */
static struct conversion *
start(struct slice bytes)
{
	int file = conversion_file();

	assert_int_not_equal(file, -1);
	while (bytes.len > 0) {
		struct slice piece = {bytes.p, bytes.len < 1000 ? bytes.len : 1000};

		assert_int_equal(conversion_file_add(file, piece), 0);
		bytes = (struct slice){bytes.p + piece.len, bytes.len - piece.len};
	}
	return conversion_start(all, file, on_done, NULL);
}

static void
wait_for(unsigned n)
{
	while (n_done < n)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
make_picture(struct buf *bytes)
{
	buf_init(bytes, 1u << 20);
	pictures_make_large(FILE_JPEG, 600, 400, bytes);
}

FIXTURE_TEST(pictures_are_converted_beside_each_other)
{
	struct buf bytes;

	make_picture(&bytes);
	for (unsigned i = 0; i < CONVERSIONS_RUNNING; i++) {
		assert_true(conversions_have_room(all));
		assert_non_null(start(buf_slice(&bytes)));
	}
	assert_false(conversions_have_room(all));
	wait_for(CONVERSIONS_RUNNING);
	assert_true(conversions_have_room(all));
	assert_int_equal(n_whole, CONVERSIONS_RUNNING);
	assert_int_equal(last, MEDIA_OK);
	buf_clear(&bytes);
}

FIXTURE_TEST(a_damaged_picture_is_one_and_the_next_is_converted)
{
	struct buf bytes;

	make_picture(&bytes);
	assert_non_null(start((struct slice){buf_data(&bytes), buf_len(&bytes) / 2}));
	wait_for(1);
	assert_int_equal(last, MEDIA_DAMAGED);
	assert_non_null(start(buf_slice(&bytes)));
	wait_for(2);
	assert_int_equal(last, MEDIA_OK);
	buf_clear(&bytes);
}

FIXTURE_TEST(a_cancelled_conversion_is_not_reported)
{
	struct buf bytes;
	struct conversion *one;

	make_picture(&bytes);
	one = start(buf_slice(&bytes));
	assert_non_null(one);
	conversion_cancel(one);
	assert_non_null(start(buf_slice(&bytes)));
	wait_for(1);
	assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	assert_int_equal(n_done, 1);
	buf_clear(&bytes);
}

/* What another program writes is no result, and neither is the silence of one that fails. */
FIXTURE_TEST(a_child_without_a_result_is_reported_as_that)
{
	const char *programs[] = {"/bin/echo", "/bin/false", "/bin/cat"};

	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		fixture_tear_down();
		open_with(programs[i]);
		assert_non_null(start(slice_str("GIF89a")));
		wait_for(1);
		assert_int_equal(n_whole, 0);
	}
}

TEST(a_program_that_does_not_exist_is_an_error)
{
	assert_int_equal(conversions_spawner_start("/nowhere/media-extract"), -1);
	assert_int_equal(errno, ENOENT);
}

TEST_MAIN(NULL, NULL)
