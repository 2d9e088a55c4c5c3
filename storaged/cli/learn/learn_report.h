/*
 * What became of the content: for people, or as JSON.
 */
#ifndef STORAGED_CLI_LEARN_LEARN_REPORT_H
#define STORAGED_CLI_LEARN_LEARN_REPORT_H

#include "storaged/cli/learn/learn_files.h"

struct learn_report {
	const struct learn_source *source;
	const struct learn_files *files; /* NULL: a site or a page */
	bool complete;                   /* crawld has read everything that was asked of it */
	bool json;
};

/* Reads the source's state and its pages, and prints them. Returns the exit status: 0 if everything was read that had
 * to be; else after an error message. */
[[gnu::warn_unused_result]] int learn_report_print(
    const struct learn_report *report, struct store_conn *conn);

#endif
