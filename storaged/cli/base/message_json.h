/*
 * A message's fields as members of a JSON object, and back, from its field table: a message or
 * record that gets a field, or comes anew, needs nothing here.
 *
 * Text is a string, an id its text form, a hash hex, a number a number (up to 2^53, so that every
 * reader of JSON has it exactly), an enum one of its words, a list an array of objects. A record
 * inside of a message adds its own fields to the message's. `v` is left out: it says how the record
 * is stored, and is always of today.
 */
#ifndef STORAGED_CLI_BASE_MESSAGE_JSON_H
#define STORAGED_CLI_BASE_MESSAGE_JSON_H

#include <jansson.h>

#include "proto/ipc/messages.h"

/* What is wrong with an object, for a person. */
struct message_json_error {
	char text[192];
};

/* Fills it; always -1. */
[[gnu::format(printf, 2, 3)]] int message_json_fail(
    struct message_json_error *error, const char *fmt, ...);

/*
 * Appends `,"name":value` for each field of a message. 0, or -1 with errno: ENOBUFS when out is
 * full, EINVAL for a record that does not decode or a number that has no word or is too great (then
 * a part may have been written).
 */
[[gnu::warn_unused_result]] int message_json_write(
    struct buf *out, enum msg_type type, const void *msg);

/* The same for each field of an encoded record that is a line by itself. */
[[gnu::warn_unused_result]] int message_json_write_record(
    struct buf *out, enum msg_type type, struct slice record);

/*
 * Fills a message from an object that has all its members, each of its type and within its bounds,
 * and no others but `kind`. Text is borrowed from the object, a record is encoded into record. 0,
 * or -1 with *wrong filled.
 */
[[gnu::warn_unused_result]] int message_json_read(json_t *object, enum msg_type type,
    union msg *msg, struct buf *record, struct message_json_error *error);

/* The same for a record that is a line by itself, encoded into record: *bytes. */
[[gnu::warn_unused_result]] int message_json_read_record(json_t *object, enum msg_type type,
    struct slice *bytes, struct buf *record, struct message_json_error *error);

#endif
