/*
 * The output of an export.
 */
#include <signal.h>
#include <sys/mman.h>

#include "storaged/cli/export/sink.h"
#include "tests/unit/unit.h"

/* More than a pipe holds. */
#define LARGE (4u * SINK_PIECE)

static uint8_t large[LARGE];

TEST(full_pieces_are_written_the_rest_is_kept)
{
	int fd = memfd_create("sink", MFD_CLOEXEC);
	struct sink s;

	sink_init(&s, fd, LARGE);
	assert_int_equal(buf_append(&s.out, large, SINK_PIECE - 1), 0);
	assert_int_equal(sink_write(&s), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	assert_int_equal(buf_append(&s.out, large, SINK_PIECE + 2), 0);
	assert_int_equal(sink_write(&s), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 2 * SINK_PIECE);
	assert_int_equal(buf_len(&s.out), 1);
	assert_int_equal(sink_flush(&s), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 2 * SINK_PIECE + 1);
	sink_clear(&s);
	closefd(&fd);
}

TEST(a_closed_pipe_is_an_error)
{
	struct sink s;
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	closefd(&ends[0]);
	sink_init(&s, ends[1], LARGE);
	assert_int_equal(buf_append(&s.out, large, 1), 0);
	assert_int_equal(sink_flush(&s), -1);
	assert_int_equal(errno, EPIPE);
	sink_clear(&s);
	closefd(&ends[1]);
}

TEST(a_reader_that_takes_nothing_times_out)
{
	struct sink s;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	sink_init(&s, ends[1], LARGE);
	s.seconds = 1;
	assert_int_equal(buf_append(&s.out, large, LARGE), 0);
	assert_int_equal(sink_flush(&s), -1);
	assert_int_equal(errno, ETIMEDOUT);
	sink_clear(&s);
	closefd(&ends[0]);
	closefd(&ends[1]);
}

TEST_MAIN(NULL, NULL)
