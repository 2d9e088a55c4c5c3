/*
 * media-extract: makes new pictures from one of a stranger, which is standard input, and writes the result (media_result_encode())
 * to standard output. It takes no arguments. Exit status: 0; 64: there are arguments; 71: it cannot be restricted; 74: the input
 * cannot be read, or the result not be written. What the picture itself does wrong is the result's status, unless it exceeds
 * the limits of the process, which kill it.
 *
 * The libraries of all formats are loaded with the program: nothing is opened after the start.
 */
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/children/sandbox.h"
#include "workerd/mediad/media/media.h"

#define READ_SIZE 65536u

/* 0, or -1: unreadable. A longer file is cut at MEDIA_FILE_MAX + 1 bytes, which is too long, too. */
static int
media_input(struct buf *in)
{
	ssize_t n = 1;

	while (n > 0 && buf_room(in) > 0) {
		size_t size = buf_room(in) < READ_SIZE ? buf_room(in) : READ_SIZE;
		uint8_t *to = buf_reserve(in, size);

		if (to == NULL)
			return -1;
		n = read(STDIN_FILENO, to, size);
		if (n > 0)
			buf_commit(in, (size_t)n);
	}
	return n >= 0 ? 0 : -1;
}

static int
media_output(const struct media_result *result)
{
	struct buf out;
	int status = 0;

	buf_init(&out, MEDIA_RESULT_MAX);
	if (!media_result_encode(result, &out))
		status = -1;
	while (status == 0 && buf_len(&out) > 0) {
		ssize_t n = write(STDOUT_FILENO, buf_data(&out), buf_len(&out));

		if (n <= 0)
			status = -1;
		else
			buf_consume(&out, (size_t)n);
	}
	buf_clear(&out);
	return status;
}

static int
media_run(void)
{
	struct media_result result;
	struct buf in;
	int status;

	buf_init(&in, MEDIA_FILE_MAX + 1);
	status = media_input(&in);
	if (status == 0) {
		media_convert(buf_slice(&in), &result);
		buf_clear(&in);
		status = media_output(&result);
		media_result_clear(&result);
	}
	buf_clear(&in);
	return status == 0 ? 0 : EX_IOERR;
}

int
main(int argc, char **argv)
{
	(void)argv;
	log_open("media-extract", LOG_NOTICE);
	if (argc != 1)
		return EX_USAGE;
	sandbox_limit();
	if (sandbox_forbid_files() == -1) {
		log_event(LOG_ERROR, "files_not_forbidden", L_ERRNO());
		return EX_OSERR;
	}
	sandbox_enter(CALLS_MEDIA);
	/* Without the search for leaks of sanitizers, which waits for calls that the filter refuses. */
	_exit(media_run());
}
