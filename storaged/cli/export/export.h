/*
 * An export at work: what export.c and export_thread.c share.
 */
#ifndef STORAGED_CLI_EXPORT_EXPORT_H
#define STORAGED_CLI_EXPORT_EXPORT_H

#include "storaged/cli/export/line.h"
#include "storaged/cli/export/sink.h"
#include "storaged/cli/export/unfinished.h"

/* The sink took no more; sink_errno says why. No number of LMDB's nor of errno, as
 * RECORD_DAMAGED. */
#define EXPORT_SINK_FAILED (-3)

struct export
{
	/* what is wanted */
	const char *data_dir;
	int fd;
	const struct id *org; /* NULL: every organization */
	uint64_t since;       /* conversations with activity from then on, ms since 1970 */
	/* how far it is */
	struct txn txn;
	enum table table;   /* that it is at, */
	enum msg_type type; /* and of what its records are */
	struct sink sink;
	int sink_errno;
	struct unfinished unfinished;
	size_t next;      /* of unfinished: the first whose conversation has not come yet */
	uint64_t lines;   /* written */
	uint64_t damaged; /* records left out; each was named */
};

/* Writes a line. 0, RECORD_DAMAGED for a record that cannot be written, EXPORT_SINK_FAILED. */
[[gnu::warn_unused_result]] int export_line(
    struct export *e, enum msg_type type, const void *request);

/* A record that is left out: says which. */
[[gnu::format(printf, 2, 3)]] void export_damaged(struct export *e, const char *fmt, ...);

/* Writes a conversation, if it is wanted, and its messages. key and value are its entry in the
 * table; to be called in the order of the table. 0, EXPORT_SINK_FAILED or an error of txn.h. */
[[gnu::warn_unused_result]] int export_conversation(
    struct export *e, struct slice key, struct slice value);

#endif
