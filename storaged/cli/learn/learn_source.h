/*
 * The source that `banter learn` fills: found by its name, or created.
 */
#ifndef STORAGED_CLI_LEARN_LEARN_SOURCE_H
#define STORAGED_CLI_LEARN_LEARN_SOURCE_H

#include "storaged/cli/store/store_conn.h"

#define LEARN_NAME_MAX 300 /* bytes, as in messages.def */

struct learn_source {
	struct id org;
	enum source_kind kind;
	const char *url; /* of a site or a page; NULL: files */
	char name[LEARN_NAME_MAX + 1];
	struct id id;
	bool created;
	/* Before anything is asked of crawld; of a source that was there. */
	struct msg_source_state_record before;
};

/* Whether the operand is an address that can be crawled. */
bool learn_source_is_url(const char *operand);

/* Sets the name of a source that is not named: the host of an address, the directory, or "Files". */
void learn_source_set_name(struct learn_source *s, const char *operand, bool is_directory);

/* Finds the source of this kind with its name, or creates it. 0, or the exit status after an error message: a source
 * of another kind or address has the name. */
[[gnu::warn_unused_result]] int learn_source_open(
    struct store_conn *conn, struct learn_source *s);

/* Reads how far crawld is with the source. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int learn_source_state(
    struct store_conn *conn, const struct learn_source *s, struct msg_source_state_record *r);

#endif
