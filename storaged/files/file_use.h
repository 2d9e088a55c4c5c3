/*
 * What the files of all organizations take, for their quotas FILES_MAX_BYTES and FILES_ORG_MAX_BYTES.
 */
#ifndef STORAGED_FILES_FILE_USE_H
#define STORAGED_FILES_FILE_USE_H

#include "storaged/request/call.h"

struct file_use {
	uint64_t files, bytes; /* of all organizations */
	uint64_t org_bytes;    /* of the organization whose files take the most */
	struct slice
	    org_name; /* its name, valid until the end of the transaction; empty: there is none */
};

/* The cost grows with the number of organizations that have files: at most `most` of them are looked at. */
[[gnu::warn_unused_result]] int file_use_read(
    struct txn *t, unsigned most, struct file_use *use);

#endif
