/*
 * The messages as C structs, made from messages.def, and the check of who may say what when.
 *
 * Text and byte fields are struct slice: borrowed, both ways. A decoded message is valid until
 * the buffer it came from changes; an encoded one needs its slices only during the call.
 */
#ifndef PROTO_IPC_MESSAGES_H
#define PROTO_IPC_MESSAGES_H

#include "proto/base/ids.h"
#include "proto/base/secrets.h"
#include "proto/ipc/wire.h"

#define WIRE_VERSION   1
#define RECORD_VERSION 1 /* the first byte of every record of the store */

/* Bytes of a field of TICKET_KEYS, all random: its name (16), a key to cipher with (32), and one
 * to authenticate with (32). */
#define TICKET_KEY_SIZE 80

/* The greatest lengths of TLS_CERTIFICATE's fields, and a record between master and worker that holds
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

/* What a visitor's session begins with, which no session that a client names can: behind it comes
 * the visitor's id as text. */
#define VISITOR_SESSION "~"

/* The organization, widget and agent of a fresh store. Chat with WIDGET_API_KEY belongs to them. */
extern const struct id id_default_org;
extern const struct id id_default_widget;
extern const struct id id_default_agent;

enum message_role { MESSAGE_USER = 0, MESSAGE_ASSISTANT = 1 };

enum message_status {
	MESSAGE_COMPLETE = 0,
	MESSAGE_STOPPED = 1,     /* the visitor stopped it */
	MESSAGE_INTERRUPTED = 2, /* its worker or the model broke off */
};

/* Of its newest reply; ANY only in questions. The others are a message_status, and 1. */
enum conversation_state {
	CONVERSATION_ANY = 0, /* in a record: nobody has answered yet */
	CONVERSATION_COMPLETE = 1,
	CONVERSATION_STOPPED = 2,
	CONVERSATION_INTERRUPTED = 3,
	CONVERSATION_ACTIVE = 4, /* it is being written */
};

enum user_role { USER_OWNER = 0, USER_MEMBER = 1 };

enum user_change { USER_NAME = 1, USER_ROLE = 2, USER_PASSWORD = 4 };

/* What a key opens: chat, as WIDGET_API_KEY, or the admin API, as ADMIN_API_KEY. */
enum key_kind { KEY_WIDGET = 0, KEY_ADMIN = 1 };

enum widget_position { WIDGET_BOTTOM_RIGHT = 0, WIDGET_BOTTOM_LEFT = 1 };

/* Whether a visitor may, or must, say who it is. */
enum contact_mode { CONTACT_NONE = 0, CONTACT_OPTIONAL = 1, CONTACT_REQUIRED = 2 };

enum contact_field { CONTACT_NAME = 1, CONTACT_EMAIL = 2, CONTACT_PHONE = 4 };

enum store_error {
	STORE_FULL = 1,      /* map or disk: reads and deletions go on */
	STORE_NOT_FOUND = 2, /* no such thing, or not of this organization */
	STORE_INVALID = 3,   /* the request contradicts what is stored */
	STORE_INTERNAL = 4,  /* logged by storaged */
	STORE_CONFLICT = 5,  /* the client's id names another message */
	STORE_TAKEN = 6,     /* another run writes this reply */
	STORE_GONE = 7, /* the visitor's widget is gone, disabled, or has another public id */
	STORE_CONTACT_REQUIRED = 8, /* the visitor has to say first who it is */
	STORE_CAPPED = 9,           /* the widget has had its messages of this day */
	STORE_DISABLED = 10,        /* the agent is disabled */
	STORE_EXISTS = 11,          /* another thing has this id, e-mail or phone */
	STORE_IN_USE = 12,          /* something needs it */
	STORE_LIMIT = 13,           /* there are too many of its kind */
	STORE_LAST_OWNER = 14,      /* an organization needs an owner */
	STORE_STALE = 15,           /* what is to be changed is another than was read */
};

/* MSG_HELLO, … : the numbers of messages.def. */
enum msg_type {
#define MESSAGE(number, NAME, name, from, to, when) MSG_##NAME = number,
#define FIELD(msg, type, field, max, item)
#define END(name)
#include "proto/ipc/messages.def"
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
#include "proto/ipc/messages.def"

/* Room for any decoded message. */
union msg {
#define MESSAGE(number, NAME, name, from, to, when) struct msg_##name name;
#define FIELD(msg, type, field, max, item)
#define END(name)
#include "proto/ipc/messages.def"
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

/* Decodes a payload whose description the caller has. */
[[gnu::warn_unused_result]] enum wire_result msg_decode_payload(
    const struct msg_desc *d, struct slice payload, union msg *out);

/* One record, without a frame: the form in the store and in lists. */
[[gnu::warn_unused_result]] int record_encode(
    struct buf *out, enum msg_type type, const void *rec);
[[gnu::warn_unused_result]] enum wire_result record_decode(
    struct slice in, enum msg_type type, void *rec);

/* Appends a one-line form of a decoded message for a person: `turn_begin session="a" …`. Text and
 * bytes show as their length only. */
[[gnu::warn_unused_result]] int msg_print(struct buf *out, enum msg_type type, const void *msg);

#endif
