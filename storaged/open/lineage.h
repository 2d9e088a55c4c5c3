/*
 * Whose numbering of schemas a store follows. A number alone does not say that: a version that was never released may have
 * used it for other records. So a store names its lineage in meta, and one with another name is refused. The stores of
 * releases before there was a name have none; their records decide, and so do those of an older schema when they have been
 * converted.
 */
#ifndef STORAGED_OPEN_LINEAGE_H
#define STORAGED_OPEN_LINEAGE_H

#include "storaged/engine/txn.h"

enum lineage { LINEAGE_OURS, LINEAGE_NONE, LINEAGE_OTHER };

/* The lineage that a store names; the table meta is open. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int lineage_read(struct txn *t, enum lineage *lineage);

/* Names ours. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int lineage_write(struct txn *t);

/* Whether a value of today's schema, without its checksum, can be read. True for a table that has no records. */
bool lineage_knows_record(enum table table, struct slice value);

/* Whether the first entries of each table can be read; those with a wrong checksum are damaged, and do not count. 0, or
 * an error of txn.h: MDB_INCOMPATIBLE, after a log line, if not. */
[[gnu::warn_unused_result]] int lineage_check_records(struct txn *t);

#endif
