/*
 * Buffered reading.
 */
#include "storaged/cli/export/line_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"

#define READ_SIZE 65536

void
line_reader_init(struct line_reader *r, int fd, size_t max)
{
	*r = (struct line_reader){.fd = fd, .max = max};
	buf_init(&r->in, max + 1 + READ_SIZE);
}

void
line_reader_clear(struct line_reader *r)
{
	buf_clear(&r->in);
}

/* Whether the buffer has a line break; *len is the number of bytes before it. */
static bool
line_reader_find_break(struct line_reader *r, size_t *len)
{
	struct slice in = buf_slice(&r->in);
	const uint8_t *end = memchr(in.p + r->searched, '\n', in.len - r->searched);

	r->searched = in.len;
	if (end != NULL)
		*len = (size_t)(end - in.p);
	return end != NULL;
}

static int
line_reader_read_more(struct line_reader *r)
{
	uint8_t *p = buf_reserve(&r->in, READ_SIZE);
	ssize_t n;

	must(p != NULL);
	if (r->before != NULL && r->before(r->arg) != 0)
		return -1;
	do
		n = read(r->fd, p, READ_SIZE);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	buf_commit(&r->in, (size_t)n);
	r->bytes += (uint64_t)n;
	r->ended = n == 0;
	return 0;
}

static enum line_result
line_reader_take(struct line_reader *r, size_t len, size_t taken, struct slice *line)
{
	if (len > r->max)
		return LINE_TOO_LONG;
	*line = (struct slice){buf_data(&r->in), len};
	r->taken = taken;
	r->number++;
	return LINE_READ;
}

enum line_result
line_reader_next(struct line_reader *r, struct slice *line)
{
	size_t len;

	buf_consume(&r->in, r->taken);
	r->taken = r->searched = 0;
	while (!line_reader_find_break(r, &len)) {
		len = buf_len(&r->in);
		if (len > r->max)
			return LINE_TOO_LONG;
		if (r->ended)
			return len == 0 ? LINE_NONE : line_reader_take(r, len, len, line);
		if (line_reader_read_more(r) == -1)
			return LINE_FAILED;
	}
	return line_reader_take(r, len, len + 1, line);
}
