/*
 * A running export: shared by export.c, export_table.c, export_conversation.c,
 * export_content.c, export_files.c and export_check.c.
 */
#ifndef STORAGED_CLI_EXPORT_EXPORT_H
#define STORAGED_CLI_EXPORT_EXPORT_H

#include "storaged/cli/export/line.h"
#include "storaged/cli/export/recover.h"
#include "storaged/cli/export/sink.h"
#include "storaged/cli/export/unfinished.h"
#include "storaged/numbers/numbers_rows.h"

/* Writing to the sink failed; sink_errno has the error. Neither an LMDB error nor an errno, like
 * RECORD_DAMAGED. */
#define EXPORT_SINK_FAILED (-3)

/* export_numbers.c's own: the sum of the rows of a day, and the last one's key; without bytes: none yet. */
struct export_numbers {
	struct key key;
	struct counts kept;
	struct model_tokens kept_models;
};

struct export
{
	/* the options */
	const char *data_dir;
	int fd;
	const struct id *org; /* NULL: every organization */
	uint64_t since;       /* conversations with activity from then on, ms since 1970 */
	/* the progress */
	struct txn txn;
	enum table table; /* the current table */
	struct sink sink;
	struct file_sum sum; /* of the lines written */
	int sink_errno;
	struct unfinished unfinished;
	struct recover_index recover;
	struct export_numbers numbers;
	uint64_t lines;   /* written */
	uint64_t damaged; /* records left out; each was reported */
	uint64_t faults;  /* of the store's pages and unread records; each was reported */
	/* messages that the conversations count, but lookups do not find */
	uint64_t missing, missing_in;
};

/* Writes a line. 0, RECORD_DAMAGED for a record that cannot be written, or EXPORT_SINK_FAILED. */
[[gnu::warn_unused_result]] int export_line(
    struct export *e, enum msg_type type, const void *request);

/* Reports a record that is left out. */
[[gnu::format(printf, 2, 3)]] void export_damaged(struct export *e, const char *fmt, ...);

/* Writes a conversation and its messages if the options select it. key and value are its entry.
 * 0, EXPORT_SINK_FAILED or an error of txn.h. */
[[gnu::warn_unused_result]] int export_conversation(
    struct export *e, struct slice key, struct slice value);

/* Does the same for the conversations between two others whose records cannot be read. *at is the first of the two,
 * and moves to the conversation that is being written. */
[[gnu::warn_unused_result]] int export_lost_conversations(
    struct export *e, struct id *at, const struct id *before);

/* Writes a page of a source with its text; and the gaps of a conversation. 0, EXPORT_SINK_FAILED or an error of
 * txn.h. */
[[gnu::warn_unused_result]] int export_source_page(
    struct export *e, struct slice key, struct slice value);
[[gnu::warn_unused_result]] int export_gaps(struct export *e, const struct id *conversation);

/* Writes the files of a conversation's messages, each with its pieces. 0, EXPORT_SINK_FAILED or an error of txn.h. */
[[gnu::warn_unused_result]] int export_files(struct export *e, const struct id *conversation);

/* Takes a row of the table numbers; the end writes what is left. 0, EXPORT_SINK_FAILED or an error of txn.h. */
[[gnu::warn_unused_result]] int export_numbers_row(
    struct export *e, struct slice key, struct slice value);
[[gnu::warn_unused_result]] int export_numbers_end(struct export *e);

/*
 * A damaged page can make lookups find nothing, without an error. Before the first line: checks the pages of all tables, and
 * reports those that are wrong. After the last record: reads all entries, if nothing was reported yet, and reports those
 * with a wrong checksum. 0, or an error of txn.h.
 */
[[gnu::warn_unused_result]] int export_check_pages(struct export *e);
[[gnu::warn_unused_result]] int export_check_entries(struct export *e);

/* Whether a page of the file is damaged. */
bool export_is_page_error(int rc);

/* A page is damaged, and LMDB has aborted the transaction: continues in a new one, if that has the same
 * snapshot. 0 or an LMDB error. */
[[gnu::warn_unused_result]] int export_renew(struct export *e, int damage);

/* Writes what belongs to an entry. 0, EXPORT_SINK_FAILED or an error of txn.h. */
typedef int export_fn(struct export *e, struct slice key, struct slice value);

/* Writes all entries of a table that can be read. 0, EXPORT_SINK_FAILED or an error of txn.h. */
[[gnu::warn_unused_result]] int export_table(
    struct export *e, enum table table, export_fn *each);

#endif
