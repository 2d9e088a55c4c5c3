/*
 * The checksum at the end of each stored value. It covers the table, the key and the value, so it finds a
 * bit that changed in any of them, and an entry that was written to the wrong place. It does not protect
 * against an attacker who can write to the file.
 *
 * Only txn.c, migrations and the repair of totals use this; everything else sees values without it.
 */
#ifndef STORAGED_ENGINE_CHECKSUM_H
#define STORAGED_ENGINE_CHECKSUM_H

#include "storaged/engine/schema.h"

/* Bytes. */
#define CHECKSUM_LEN 4

/* Writes the value and its checksum to out, which has value.len + CHECKSUM_LEN bytes. */
void checksum_add(enum table table, struct slice key, struct slice value, uint8_t *out);

/* Separates a stored value from its checksum. False: the checksum is wrong, or there is none; then *value
 * is what is left of the value. */
[[gnu::warn_unused_result]] bool checksum_remove(
    enum table table, struct slice key, struct slice stored, struct slice *value);

#endif
