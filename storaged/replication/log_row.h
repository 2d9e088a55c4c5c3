/*
 * A row of the commit log. Each one contains the digest of the one before, so that a row proves all rows up to it.
 */
#ifndef STORAGED_REPLICATION_LOG_ROW_H
#define STORAGED_REPLICATION_LOG_ROW_H

#include "proto/base/secrets.h"

struct log_row {
	uint64_t seq, epoch;
	uint32_t schema;
	struct hash256 prev; /* digest of the row before */
	struct slice data;   /* a write set (write_set.h) */
};

/* SHA-256 of the row's fields, big-endian and in their order, where SHA-256 of the data stands for it. */
struct hash256 log_row_digest(const struct log_row *row);

#endif
