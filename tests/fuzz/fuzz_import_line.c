/*
 * An export file from an untrusted source: its lines and their content. The lines are those of the
 * input, and an accepted line is serialized to one that parses to the same.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "storaged/cli/export/line.h"
#include "storaged/cli/export/line_reader.h"
#include "tests/fuzz/fuzz.h"

/* storaged would decode its record. */
static void
check_request(const struct line *line)
{
	struct frame frame;
	union msg msg;
	struct buf out;
	size_t size;

	buf_init(&out, WIRE_FRAME_MAX);
	must(msg_encode(&out, line->type, 1, &line->request) == 0);
	must(wire_frame(buf_slice(&out), &frame, &size) == WIRE_OK);
	must(msg_decode(&frame, ROLE_TOOL, ROLE_STORE, WHEN_READY, &msg) == WIRE_OK);
	buf_clear(&out);
}

/* Appends the parsed line. */
static void
write_again(struct buf *out, const struct line *line)
{
	switch (line->kind) {
	case LINE_HEAD:
		must(line_write_head(out) == 0);
		break;
	case LINE_RECORD:
		check_request(line);
		must(line_write(out, line->type, &line->request) == 0);
		break;
	case LINE_END:
		/* The checksum may be any text. */
		must(line_write_end(out, line->lines, "0123456789abcdef") == 0);
		break;
	}
}

static void
check_line(struct slice text)
{
	struct message_json_error wrong = {""};
	struct buf once, twice;
	struct line line;

	line_init(&line);
	buf_init(&once, LINE_MAX_BYTES);
	buf_init(&twice, LINE_MAX_BYTES);
	if (line_read(&line, text, &wrong) == 0) {
		write_again(&once, &line);
		must(line_read(&line, buf_slice(&once), &wrong) == 0);
		write_again(&twice, &line);
		must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	} else {
		must(wrong.text[0] != '\0');
	}
	buf_clear(&once);
	buf_clear(&twice);
	line_clear(&line);
}

/* The next line according to memchr(); false at the end. */
static bool
expected_line(struct slice *rest, struct slice *line)
{
	const uint8_t *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->p, '\n', rest->len);
	*line = (struct slice){rest->p, end == NULL ? rest->len : (size_t)(end - rest->p)};
	rest->p += line->len + (end != NULL);
	rest->len -= line->len + (end != NULL);
	return true;
}

FUZZ(import_line)
{
	int fd = memfd_create("export", MFD_CLOEXEC);
	struct slice rest = in, line, expected;
	struct line_reader r;

	must(fd != -1 && write(fd, in.p, in.len) == (ssize_t)in.len);
	must(lseek(fd, 0, SEEK_SET) == 0);
	line_reader_init(&r, fd, LINE_MAX_BYTES);
	while (line_reader_next(&r, &line) == LINE_READ) {
		uint8_t *copy = fuzz_copy(line);

		must(expected_line(&rest, &expected) && slice_eq(line, expected));
		check_line((struct slice){copy, line.len});
		free(copy);
	}
	must(rest.len == 0);
	line_reader_clear(&r);
	closefd(&fd);
}
