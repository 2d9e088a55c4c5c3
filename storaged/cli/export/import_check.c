/*
 * Reads all lines, and parses only the first and the last one.
 */
#include "storaged/cli/export/import_check.h"

#include <string.h>
#include <unistd.h>

#include "storaged/cli/base/progress.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/export/line.h"
#include "storaged/cli/export/line_reader.h"

static const char end_of_export[] = "{\"kind\":\"end\"";

static bool
import_check_may_end(struct slice text)
{
	const size_t len = sizeof(end_of_export) - 1;

	return text.len >= len && memcmp(text.p, end_of_export, len) == 0;
}

static bool
import_check_lines(struct line_reader *reader, struct line *line, struct file_sum *sum)
{
	struct message_json_error error;
	struct slice text;

	while (line_reader_next(reader, &text) == LINE_READ) {
		if (reader->number == 1 && line_read(line, text, &error) == -1)
			return false;
		if (import_check_may_end(text) && line_read(line, text, &error) == 0)
			return !line_sum_matches(line, sum);
		line_sum_add(sum, text);
		if (progress_due())
			progress_show("%s checked", units_bytes(reader->bytes).text);
	}
	return false;
}

bool
import_check_is_changed(int fd)
{
	off_t start = lseek(fd, 0, SEEK_CUR);
	struct line_reader reader;
	struct file_sum sum;
	struct line line;
	bool changed;

	if (start == -1)
		return false;
	line_init(&line);
	line_reader_init(&reader, fd, LINE_MAX_BYTES);
	file_sum_init(&sum);
	changed = import_check_lines(&reader, &line, &sum);
	file_sum_clear(&sum);
	line_reader_clear(&reader);
	line_clear(&line);
	return lseek(fd, start, SEEK_SET) == -1 || changed;
}
