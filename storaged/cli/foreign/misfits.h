/*
 * What of an export does not fit: how often, and for which reasons, with an example of each.
 */
#ifndef STORAGED_CLI_FOREIGN_MISFITS_H
#define STORAGED_CLI_FOREIGN_MISFITS_H

#include <jansson.h>

#include "proto/base/buf.h"

#define MISFIT_REASONS 64
#define MISFIT_TEXT    160

struct misfits {
	struct misfit {
		char reason[MISFIT_TEXT], example[MISFIT_TEXT];
		uint64_t n;
	} of[MISFIT_REASONS]; /* the last one counts further reasons */
	size_t n;
	uint64_t total;
};

/* Counts one. example: where the first one is; it is cut, and made printable. */
void misfits_add(struct misfits *m, const char *reason, struct slice example);

/* Prints them to standard output, the most frequent first. */
void misfits_print(const struct misfits *m);

/* [{"reason", "count", "example"}], a new reference. */
json_t *misfits_json(const struct misfits *m);

#endif
