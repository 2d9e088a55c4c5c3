/*
 * A line of an export. The format is JSON Lines (one object per line, UTF-8):
 *
 *	{"kind":"banter","format":2}
 *	{"kind":"agent",…}                  each object comes after those that it refers to
 *	{"kind":"widget",…}
 *	{"kind":"org",…}
 *	{"kind":"user",…}                   with the hash of its password
 *	{"kind":"key",…}                    with its hash
 *	{"kind":"contact",…}
 *	{"kind":"visitor",…}
 *	{"kind":"source",…}
 *	{"kind":"source_page",…}          with its chunks
 *	{"kind":"answer",…}
 *	{"kind":"numbers",…}              that cannot be counted again
 *	{"kind":"conversation",…}           then its messages in order:
 *	{"kind":"message",…}
 *	{"kind":"client_id",…}              then the ids that clients gave to messages
 *	{"kind":"login",…}
 *	{"kind":"end","lines":N,"xxh3":"…"} the number of lines before this one, and the checksum of their
 *	                                    bytes (file_sum.h)
 *
 * Format 1, of an older banter, has no checksum; otherwise it is the same.
 *
 * line_kinds.def lists the kinds between the first and the last line; each has the fields of the request
 * that imports it, including those of its record (message_json.h).
 */
#ifndef STORAGED_CLI_EXPORT_LINE_H
#define STORAGED_CLI_EXPORT_LINE_H

#include "storaged/cli/base/message_json.h"
#include "storaged/cli/files/file_sum.h"

#define LINE_FORMAT     2
#define LINE_FORMAT_OLD 1 /* the oldest that can be read */

/* The longest line: a page whose every byte is escaped, and its other fields. */
#define LINE_MAX_BYTES ((size_t)6 << 20)

enum line_kind { LINE_HEAD, LINE_RECORD, LINE_END };

struct line {
	enum line_kind kind;
	enum msg_type type; /* of a LINE_RECORD: the request */
	union msg request;  /* borrowed from json and record */
	uint64_t format;    /* of the last LINE_HEAD */
	uint64_t lines;     /* of a LINE_END */
	struct slice sum;   /* of a LINE_END; empty in the old format. Borrowed from json */
	json_t *json;
	struct buf record;
};

/* Append a line to out, with its line break. Results as of message_json_write(); type is one of
 * line_kinds.def. */
[[gnu::warn_unused_result]] int line_write_head(struct buf *out);
[[gnu::warn_unused_result]] int line_write(
    struct buf *out, enum msg_type type, const void *request);
[[gnu::warn_unused_result]] int line_write_end(
    struct buf *out, uint64_t lines, const char *sum);

void line_init(struct line *line);
void line_clear(struct line *line);

/* Parses a line, without its line break, in place of the previous one. 0, or -1 with *error filled. */
[[gnu::warn_unused_result]] int line_read(
    struct line *line, struct slice text, struct message_json_error *error);

/* Adds a line that was read, without its line break, to the checksum; and compares the checksum of all earlier
 * lines with that of a LINE_END. True in the old format, which has none. */
void line_sum_add(struct file_sum *sum, struct slice text);
bool line_sum_matches(const struct line *line, const struct file_sum *sum);

#endif
