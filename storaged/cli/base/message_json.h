/*
 * A message's fields as members of a JSON object, and back, by its field table: a new message,
 * record or field needs no code here.
 *
 * Text is a string, an id its text form, a hash hex digits, a number a number (up to 2^53, so that
 * every JSON reader has it exactly), an enum its word, a flag true or
 * false, a list an array of objects. A record inside
 * a message adds its fields to the message's. `v`, the version of the stored record, is left out.
 */
#ifndef STORAGED_CLI_BASE_MESSAGE_JSON_H
#define STORAGED_CLI_BASE_MESSAGE_JSON_H

#include <jansson.h>

#include "proto/ipc/messages.h"

/* Why an object is invalid, for a person. */
struct message_json_error {
	char text[192];
};

/* Formats the error; returns -1. */
[[gnu::format(printf, 2, 3)]] int message_json_fail(
    struct message_json_error *error, const char *fmt, ...);

/* The word of a field's number, or NULL. */
const char *message_json_word(enum msg_type type, const char *field, uint64_t number);

/*
 * Appends `,"name":value` for each field of a message. 0, or -1 with errno: ENOBUFS when out is
 * full; EINVAL for a record that does not decode, a number without a word or a number over 2^53 (a
 * part may be written then).
 */
[[gnu::warn_unused_result]] int message_json_write(
    struct buf *out, enum msg_type type, const void *msg);

/* Like message_json_write(), for the fields of an encoded record. */
[[gnu::warn_unused_result]] int message_json_write_record(
    struct buf *out, enum msg_type type, struct slice record);

/*
 * Fills a message from an object, which must have all members, with valid types and bounds, and no
 * others except `kind`. Text is borrowed from the object; a record is encoded into record. 0, or -1
 * with *error filled.
 */
[[gnu::warn_unused_result]] int message_json_read(json_t *object, enum msg_type type,
    union msg *msg, struct buf *record, struct message_json_error *error);

/* Like message_json_read(), for a record: *bytes is its encoding in record. */
[[gnu::warn_unused_result]] int message_json_read_record(json_t *object, enum msg_type type,
    struct slice *bytes, struct buf *record, struct message_json_error *error);

#endif
