/*
 * Pictures through real children: build/media-extract, beside the tests.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/media/pictures.h"
#include "tests/unit/unit.h"
#include "workerd/children/spawner.h"
#include "workerd/mediad/media/media.h"

#define SECONDS 20
#define FILES   "tests/unit/workerd/crawl/documents/"

static int spawner, stderr_before, log_fd;

/* The program of the same build: …/build/unit/…/test_media_extract → …/build/media-extract. */
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

/* The children's log goes to a file in memory: what the filter refused would be there. */
FIXTURE(set_up)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	stderr_before = dup(STDERR_FILENO);
	assert_int_not_equal(dup2(log_fd, STDERR_FILENO), -1);
	spawner = spawner_start(&(struct spawner_program){
	    .path = find_program(),
	    .name = "media-spawner",
	    .not_started = "media_not_started",
	    .killed = "media_killed",
	    .arguments = 0,
	    .seconds = SECONDS,
	});
	assert_int_not_equal(dup2(stderr_before, STDERR_FILENO), -1);
	closefd(&stderr_before);
	assert_int_not_equal(spawner, -1);
}

FIXTURE(tear_down)
{
	closefd(&spawner);
	closefd(&log_fd);
}

static void
check_log_is_empty(void)
{
	char text[1024];
	ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, "");
}

static int
file_of(struct slice bytes)
{
	int fd = memfd_create("picture", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, bytes.p, bytes.len), bytes.len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Runs a child; out gets all that it wrote. */
static void
run_child(struct slice bytes, struct buf *out)
{
	int in = file_of(bytes), ends[2];
	ssize_t n = 1;

	buf_init(out, MEDIA_RESULT_MAX + 65536);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(spawner_send(spawner, slice_str(""), in, ends[1]), 0);
	closefd(&in);
	closefd(&ends[1]);
	while (n > 0) {
		uint8_t *to = buf_reserve(out, 65536);

		assert_non_null(to);
		n = read(ends[0], to, 65536);
		if (n > 0)
			buf_commit(out, (size_t)n);
	}
	closefd(&ends[0]);
}

/* The status that a child wrote; MEDIA_STATUSES: it wrote no whole result. */
static enum media_status
status_of(struct slice bytes)
{
	enum media_status status = MEDIA_STATUSES;
	struct media_result r;
	struct buf out;

	run_child(bytes, &out);
	if (media_result_decode(buf_slice(&out), &r))
		status = r.status;
	buf_clear(&out);
	return status;
}

static void
check_case(void *arg, const struct picture_case *c)
{
	struct media_result r;
	struct buf out;

	(void)arg;
	run_child(buf_slice(&c->bytes), &out);
	assert_true(media_result_decode(buf_slice(&out), &r));
	assert_int_equal(r.status, MEDIA_OK);
	assert_int_equal(r.width, c->width);
	assert_int_equal(r.height, c->height);
	assert_null(memmem(buf_data(&out), buf_len(&out), "canary", 6));
	buf_clear(&out);
}

FIXTURE_TEST(each_kind_of_picture_is_read_without_a_call_that_is_refused)
{
	pictures_make(check_case, NULL);
	check_log_is_empty();
}

static void
check_damaged(void *arg, const struct picture_case *c)
{
	struct buf bytes;

	for (uint32_t seed = 1000; seed < 1004; seed++) {
		buf_init(&bytes, 1u << 20);
		pictures_damage(buf_slice(&c->bytes), seed, &bytes);
		assert_int_not_equal(status_of(buf_slice(&bytes)), MEDIA_STATUSES);
		buf_clear(&bytes);
		(*(unsigned *)arg)++;
	}
}

FIXTURE_TEST(a_damaged_picture_ends_with_a_status)
{
	unsigned n = 0;

	pictures_make(check_damaged, &n);
	assert_true(n > 100);
	check_log_is_empty();
}

FIXTURE_TEST(no_bytes_and_other_files_are_unsupported)
{
	static uint8_t pdf[8192];
	FILE *f = fopen(FILES "two-pages.pdf", "rb");
	size_t n;

	assert_non_null(f);
	n = fread(pdf, 1, sizeof(pdf), f);
	(void)fclose(f);
	assert_int_equal(status_of((struct slice){pdf, n}), MEDIA_UNSUPPORTED);
	assert_int_equal(status_of(slice_str("")), MEDIA_UNSUPPORTED);
	assert_int_equal(status_of(slice_str("<svg onload=alert(1)>")), MEDIA_UNSUPPORTED);
}

static enum media_status
status_of_large(enum file_kind kind, uint32_t width, uint32_t height)
{
	enum media_status status;
	struct buf bytes;

	buf_init(&bytes, 16u << 20);
	pictures_make_large(kind, width, height, &bytes);
	status = status_of(buf_slice(&bytes));
	buf_clear(&bytes);
	return status;
}

FIXTURE_TEST(the_largest_pictures_fit_into_the_memory_of_a_child)
{
	assert_int_equal(status_of_large(FILE_PNG, 5000, 5000), MEDIA_OK);
	assert_int_equal(status_of_large(FILE_JPEG, 5000, 5000), MEDIA_OK);
	assert_int_equal(status_of_large(FILE_JPEG, 16384, 1525), MEDIA_OK);
	assert_int_equal(status_of_large(FILE_PNG, 100000, 1), MEDIA_TOO_LARGE);
	check_log_is_empty();
}

FIXTURE_TEST(a_file_that_is_too_long_is_too_large)
{
	static uint8_t bytes[MEDIA_FILE_MAX + 2] = "GIF89a";

	assert_int_equal(status_of((struct slice){bytes, sizeof(bytes)}), MEDIA_TOO_LARGE);
}

TEST(a_program_that_does_not_exist_is_an_error)
{
	assert_int_equal(
	    spawner_start(&(struct spawner_program){.path = "/nowhere/media-extract"}), -1);
	assert_int_equal(errno, ENOENT);
}

TEST_MAIN(NULL, NULL)
