/*
 * `banter import --from`: imports what Intercom or Chatwoot exported. Everything is read first, into temporary files,
 * because messages and their conversations come in any order; then it is sent.
 */
#ifndef STORAGED_CLI_FOREIGN_FOREIGN_H
#define STORAGED_CLI_FOREIGN_FOREIGN_H

#include <stdbool.h>

struct foreign_options {
	const char *from;         /* "chatwoot" or "intercom" */
	const char *org, *widget; /* NULL: the first one */
	const char *socket;
	bool dry_run, json;
};

/* files: paths, up to a NULL. Returns the exit status. */
int foreign_import(const struct foreign_options *options, char *const *files);

#endif
