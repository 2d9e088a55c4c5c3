/*
 * The changes of one write transaction as bytes: each put and delete with the table's name, the key
 * and the value (without its checksum), in their order. Applied to a store that equals the one
 * before the transaction, they make it equal to the one after it.
 *
 * An entry is, with little-endian numbers:
 *
 *	u8  length of the table's name; the top bit: a deletion, which has no value
 *	u16 bytes of the key
 *	u32 bytes of the value (not of a deletion)
 *	the name, the key, the value
 */
#ifndef STORAGED_ENGINE_WRITE_SET_H
#define STORAGED_ENGINE_WRITE_SET_H

#include "storaged/engine/schema.h"

/* Bytes, of one transaction. A value of PostgreSQL must be smaller than 1 GiB together with its row. */
#define WRITE_SET_MAX ((size_t)512 << 20)

/* A buffer of more bytes is freed again. */
#define WRITE_SET_KEPT ((size_t)4 << 20)

/* Empties a set, and frees its memory if it has grown large. */
void write_set_trim(struct buf *set);

/* Adds a change. 0, or an errno if the set has no room. */
[[gnu::warn_unused_result]] int write_set_put(
    struct buf *set, enum table table, struct slice key, struct slice value);
[[gnu::warn_unused_result]] int write_set_del(
    struct buf *set, enum table table, struct slice key);

struct write {
	bool deletes;
	enum table table;
	struct slice key, value; /* in the set's bytes */
};

/* Takes the first change from the set. 1: *w is set; 0: none is left; -1: the bytes are no write set, or
 * name a table that does not exist. */
[[gnu::warn_unused_result]] int write_set_next(struct slice *set, struct write *w);

#endif
