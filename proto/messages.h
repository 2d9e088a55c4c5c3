/*
 * The messages as C structs, made from messages.def, and the check of who may say what when.
 *
 * Text and byte fields are struct slice: borrowed, both ways. A decoded message is valid until
 * the buffer it came from changes; an encoded one needs its slices only during the call.
 */
#ifndef PROTO_MESSAGES_H
#define PROTO_MESSAGES_H

#include "proto/ids.h"
#include "proto/secrets.h"
#include "proto/wire.h"

#define WIRE_VERSION      3
#define RECORD_VERSION    1 /* of all records but */
#define OPEN_TURN_VERSION 3

/* Bytes of a field of TICKET_KEYS, all random: its name (16), a key to cipher with (32), and one
 * to authenticate with (32). */
#define TICKET_KEY_SIZE 80

/* The greatest lengths of TLS_IDENTITY's fields, and a record between master and worker that holds
 * any message of theirs. */
#define TLS_CHAIN_MAX      49152
#define TLS_KEY_MAX        16384
#define CONTROL_RECORD_MAX (TLS_CHAIN_MAX + TLS_KEY_MAX + 64)

enum role {
	ROLE_NONE = 0,
	ROLE_MASTER = 1,
	ROLE_WORKER = 2,
	ROLE_STORE = 4,
	ROLE_TOOL = 8,
	ROLE_ANY = 15,
};

/* When a message is allowed: as a peer's first, or after its hello. */
enum when { WHEN_FIRST, WHEN_READY, WHEN_RECORD };

enum message_role { MESSAGE_USER = 0, MESSAGE_ASSISTANT = 1 };

enum message_status {
	MESSAGE_COMPLETE = 0,
	MESSAGE_STOPPED = 1,     /* the visitor stopped it */
	MESSAGE_INTERRUPTED = 2, /* its worker or the model broke off */
};

enum store_error {
	STORE_FULL = 1,      /* map or disk: reads and deletions go on */
	STORE_NOT_FOUND = 2, /* no such thing, or not of this organization */
	STORE_INVALID = 3,   /* the request contradicts what is stored */
	STORE_INTERNAL = 4,  /* logged by storaged */
	STORE_CONFLICT = 5,  /* the client's id names another message */
	STORE_TAKEN = 6,     /* another run writes this reply */
};

/* MSG_HELLO, … : the numbers of messages.def. */
enum msg_type {
#define MESSAGE(number, NAME, name, from, to, when) MSG_##NAME = number,
#define FIELD(msg, type, field, max, item)
#define END(name)
#include "proto/messages.def"
};

typedef uint8_t wire_c_U8;
typedef uint16_t wire_c_U16;
typedef uint32_t wire_c_U32;
typedef uint64_t wire_c_U64;
typedef struct id wire_c_ID;
typedef struct hash256 wire_c_HASH;
typedef struct slice wire_c_TEXT;
typedef struct slice wire_c_BYTES;
typedef struct slice wire_c_REC;
typedef struct slice wire_c_LIST;

/* struct msg_hello, … */
#define MESSAGE(number, NAME, name, from, to, when) struct msg_##name {
#define FIELD(msg, type, field, max, item)          wire_c_##type field;
#define END(name) \
	}         \
	;
#include "proto/messages.def"

/* Room for any decoded message. */
union msg {
#define MESSAGE(number, NAME, name, from, to, when) struct msg_##name name;
#define FIELD(msg, type, field, max, item)
#define END(name)
#include "proto/messages.def"
};

struct msg_desc {
	uint16_t type;
	const char *name;
	unsigned from, to; /* sets of enum role */
	enum when when;
	const struct wire_field *fields;
};

/* All messages, in the order of their numbers; *n gets their count. */
const struct msg_desc *msg_table(size_t *n);

/* The description of a type, or NULL. */
const struct msg_desc *msg_desc(uint16_t type);

/* "turn_begin", or "unknown". */
const char *msg_name(uint16_t type);

/* Appends a frame with the message to out; fails as wire_encode() does. */
[[gnu::warn_unused_result]] int msg_encode(
    struct buf *out, enum msg_type type, uint64_t request, const void *msg);

/* Checks that from may send this frame to to now, and decodes it. */
[[gnu::warn_unused_result]] enum wire_result msg_decode(
    const struct frame *f, enum role from, enum role to, enum when when, union msg *out);

/* One record, without a frame: the form in the store and in lists. */
[[gnu::warn_unused_result]] int record_encode(
    struct buf *out, enum msg_type type, const void *rec);
[[gnu::warn_unused_result]] enum wire_result record_decode(
    struct slice in, enum msg_type type, void *rec);

/* Appends a one-line form of a decoded message for a person: `turn_begin session="a" …`. Text and
 * bytes show as their length only. */
[[gnu::warn_unused_result]] int msg_print(struct buf *out, enum msg_type type, const void *msg);

#endif
