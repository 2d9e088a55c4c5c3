/*
 * A line of an export. The format is JSON Lines (one object a line, UTF-8):
 *
 *	{"kind":"banter","format":2}
 *	{"kind":"agent",…}                  then what names it, and so on, so that whatever a line
 *	{"kind":"widget",…}                 names comes before it:
 *	{"kind":"org",…}
 *	{"kind":"user",…}                   with the hash of its password
 *	{"kind":"key",…}                    its hash
 *	{"kind":"contact",…}
 *	{"kind":"visitor",…}
 *	{"kind":"conversation",…}           then its messages, in their order:
 *	{"kind":"message",…}
 *	{"kind":"client_id",…}              and the names that clients gave to some of them
 *	{"kind":"login",…}
 *	{"kind":"end","lines":N}            so many lines came before this one
 *
 * The kinds between the first and the last line are those of line_kinds.def; each has the fields of
 * the request that puts it back, with those of the record in it (message_json.h). Format 1 had none of the
 * kinds before the conversations, and some fields fewer; it is read as well.
 */
#ifndef STORAGED_CLI_EXPORT_LINE_H
#define STORAGED_CLI_EXPORT_LINE_H

#include "storaged/cli/base/message_json.h"

#define LINE_FORMAT 1

/* The longest line: a message whose every byte is escaped, and its other fields. */
#define LINE_MAX_BYTES ((size_t)4 << 20)

enum line_kind { LINE_HEAD, LINE_RECORD, LINE_END };

struct line {
	enum line_kind kind;
	enum msg_type type; /* of a LINE_RECORD: the request */
	union msg request;  /* borrowed from json and record */
	uint64_t lines;     /* of a LINE_END */
	json_t *json;
	struct buf record;
};

/* Append a line to out, with its line break. As message_json_write(); type is one of line_kinds.def. */
[[gnu::warn_unused_result]] int line_write_head(struct buf *out);
[[gnu::warn_unused_result]] int line_write(
    struct buf *out, enum msg_type type, const void *request);
[[gnu::warn_unused_result]] int line_write_end(struct buf *out, uint64_t lines);

void line_init(struct line *line);
void line_clear(struct line *line);

/* Reads a line, without its break, in place of what line held. 0, or -1 with *wrong filled. */
[[gnu::warn_unused_result]] int line_read(
    struct line *line, struct slice text, struct message_json_error *error);

#endif
