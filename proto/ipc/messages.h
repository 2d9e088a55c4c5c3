/*
 * The messages of messages.def as C structs, and the check of which peer may send which message
 * when.
 *
 * Text and byte fields are struct slice and borrowed in both directions: a decoded message is valid
 * until the buffer it came from changes; an encoded one needs its slices only during the call.
 */
#ifndef PROTO_IPC_MESSAGES_H
#define PROTO_IPC_MESSAGES_H

#include "proto/base/ids.h"
#include "proto/base/secrets.h"
#include "proto/ipc/wire.h"
#include "proto/schema/words.h"

#define WIRE_VERSION   13
#define RECORD_VERSION 1 /* the first byte of every record of the store */

/* Bytes of each field of TICKET_KEYS, all random: name (16), encryption key (32), authentication
 * key (32). */
#define TICKET_KEY_SIZE 80

/* Maximum lengths of the fields of TLS_CERTIFICATE, and of any record between masterd and a
 * worker. */
#define TLS_CHAIN_MAX      49152
#define TLS_KEY_MAX        16384
#define CONTROL_RECORD_MAX (TLS_CHAIN_MAX + TLS_KEY_MAX + 64)

enum role {
	ROLE_NONE = 0,
	ROLE_MASTER = 1,
	ROLE_WORKER = 2,
	ROLE_STORE = 4,
	ROLE_TOOL = 8,
	ROLE_SEARCH = 16,
	ROLE_CRAWL = 32,
	ROLE_MAIL = 64,
	ROLE_MEDIA = 128,
	ROLE_ANY = 255,
};

/* When a message is allowed: as a peer's first, or after its hello. WHEN_RECORD: never by
 * itself. */
enum when { WHEN_FIRST, WHEN_READY, WHEN_RECORD };

/* The first character of a visitor's session, followed by the visitor's id as text. Clients cannot
 * name such sessions. */
#define VISITOR_SESSION "~"

/* From so many ms of SEARCH_STATUS.standing_ms or passages_standing_ms on, the index counts as one that stands still. */
#define SEARCH_STANDING_MS 30000u

/* A mail that is due for so many ms, or mails that fail for so long, stand still. */
#define MAIL_STANDING_MS 120000u

/* For how long (ms) mails stand still, by STATUS.mail_failing_at and mail_due_at; 0: they do not. */
static inline uint64_t
msg_mail_standing_ms(uint64_t failing_at, uint64_t due_at, uint64_t now)
{
	const uint64_t since =
	    failing_at != 0 && (due_at == 0 || failing_at < due_at) ? failing_at : due_at;

	return due_at != 0 && since + MAIL_STANDING_MS <= now ? now - since : 0;
}

/* In place of the widget's generation, which no widget reaches: the visitor was erased. */
#define VISITOR_ERASED UINT32_MAX

/* The organization, widget and agent of a fresh store. Chat with WIDGET_API_KEY belongs to them. */
extern const struct id id_default_org;
extern const struct id id_default_widget;
extern const struct id id_default_agent;

/* How exactly the last use of a key is known, in ms: so often it is stored at most. */
#define KEY_USED_MS UINT64_C(3600000)

/* Whether a reply can have this status. */
static inline bool
message_status_is_of_reply(uint8_t status)
{
	return status <= MESSAGE_WAITING && status != MESSAGE_HANDED;
}

/* What CONVERSATION_CHANGE changes. */
enum conversation_change {
	INBOX_STATE = 1,
	INBOX_ASSIGNED = 2,
	INBOX_TAGS = 4,
	INBOX_READ = 8,
	INBOX_TAGS_DIFFER = 16, /* instead of INBOX_TAGS: adds some tags and removes others */
	INBOX_SNOOZED = 32,
};

/* What a label of a conversation is (storaged/conversations/labels.h). */
enum label_kind {
	LABEL_STATE = 0,    /* waiting, person or resolved: label_of_state() */
	LABEL_USER = 1,     /* assigned to this user */
	LABEL_TAG = 2,      /* with this tag */
	LABEL_WIDGET = 3,   /* of this widget; counted, not listed */
	LABEL_ASSIGNED = 4, /* assigned to anybody: zero; counted, not listed */
	LABEL_SNOOZED = 5,  /* label_of_snoozed() */
};

/* The time until which a conversation is snoozed that waits for its visitor: the first ms of the year 10000. */
#define SNOOZE_ANSWER UINT64_C(253402300800000)

/* How exactly a user's last input is known, in ms: so often it is stored at most. */
#define AVAILABILITY_STEP_MS UINT64_C(60000)

/* The first answers that RESPONSES_RECORD has, and the bytes of one. */
#define RESPONSES_MAX 50u
#define RESPONSE_LEN  16u

/* Bytes of the address of a user's picture (messages.def). */
#define USER_PICTURE_MAX 2000

enum user_change { USER_NAME = 1, USER_ROLE = 2, USER_PASSWORD = 4, USER_PICTURE = 8 };

enum contact_field { CONTACT_NAME = 1, CONTACT_EMAIL = 2, CONTACT_PHONE = 4 };

/* What can be found. */
enum index_kind {
	INDEX_CONVERSATION = 0, /* only what messages and notes belong to */
	INDEX_MESSAGE = 1,
	INDEX_CONTACT = 2,
	INDEX_NOTE = 3,
};

/* A picture that waits for so many ms to be checked stands still. */
#define PICTURE_STANDING_MS 120000u

/* For how long (ms) pictures stand still, by STATUS.picture_waits_at; 0: they do not. */
static inline uint64_t
msg_pictures_standing_ms(uint64_t waits_at, uint64_t now)
{
	return waits_at != 0 && waits_at + PICTURE_STANDING_MS <= now ? now - waits_at : 0;
}

/* Which bytes of a file: those that were sent, or a copy of the picture. */
enum file_copy { COPY_NONE = 0, COPY_SHOWN = 1, COPY_SMALL = 2 };

/* What became of a try to send a mail. */
enum mail_outcome {
	MAIL_ACCEPTED = 0,  /* a server has taken it over */
	MAIL_LATER = 1,     /* refused for now (4xx), or the connection broke */
	MAIL_REFUSED = 2,   /* for ever (5xx) */
	MAIL_UNREACHED = 3, /* no server could be asked: this try does not count */
	MAIL_UNCLEAR = 4,   /* the server's answer to all of the mail was lost */
};

enum source_ask { ASK_CRAWL = 1, ASK_REMOVE = 2, ASK_KEEP = 3 };

/* Of a page that searchd knows: crawld splits or cuts longer texts. */
#define PAGE_CHUNKS_MAX 4096u

/* What became of a page that crawld has visited: REASON_NONE if its text is new, another page_reason, or: */
enum page_visit { VISIT_UNCHANGED = PAGE_REASONS, VISIT_RESULTS };

enum store_error {
	STORE_FULL = 1,      /* the map or the disk is full; reads and deletions still work */
	STORE_NOT_FOUND = 2, /* does not exist, or belongs to another organization */
	STORE_INVALID = 3,   /* the request contradicts what is stored */
	STORE_INTERNAL = 4,  /* see storaged's log */
	STORE_CONFLICT = 5,  /* another message has the same client id */
	STORE_TAKEN = 6,     /* another run writes this reply */
	STORE_GONE =
	    7, /* the visitor's widget is deleted, disabled, or has another public id; or a file of an operator's message is gone */
	STORE_CONTACT_REQUIRED = 8, /* the visitor has to give contact details first */
	STORE_CAPPED = 9,           /* the widget has reached its daily message limit */
	STORE_DISABLED = 10,        /* the agent is disabled */
	STORE_EXISTS = 11,          /* another record has this id, e-mail or phone */
	STORE_IN_USE = 12,          /* another record refers to it */
	STORE_LIMIT = 13,           /* there are too many records of this kind */
	STORE_LAST_OWNER = 14,      /* an organization needs an owner */
	STORE_STALE = 15,           /* the record has changed since it was read */
	STORE_DAMAGED = 16,         /* the store's file is damaged: only reads are served */
	STORE_BUSY = 17,            /* too many replies of the conversation are open */
	STORE_POISONED =
	    18, /* of a worker's store_client.h: storaged died twice on the request */
	STORE_NOT_READY = 19,   /* of searchd: it cannot answer now */
	STORE_IS_STANDBY = 21,  /* another machine is the owner of the store */
	STORE_BUDGET = 20,      /* a budget of tokens is spent */
	STORE_READ_ONLY = 22,   /* the disk refuses writes: only reads are served */
	STORE_DENIED = 23,      /* it is somebody else's */
	STORE_SHARE = 24,       /* the visitor has used its share of a budget for today */
	STORE_SHARE_WAITS = 25, /* its replies that run have reserved the rest of the share */
	STORE_BLOCKED = 26,     /* the visitor may not write */
	STORE_ANSWER_WRONG =
	    27, /* an answer does not fit what it answers; the error's text says why (answer_parts.h) */
};

/* MSG_HELLO, …: the numbers of messages.def. */
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

/* All messages in the order of their numbers; *n gets the count. */
const struct msg_desc *msg_table(size_t *n);

/* The description of a type, or NULL. */
const struct msg_desc *msg_desc(uint16_t type);

/* A message's name such as "turn_begin", or "unknown". */
const char *msg_name(uint16_t type);

/* Whether a user is there now: as chosen, or away without input. */
static inline enum availability
msg_user_availability(const struct msg_user_record *user)
{
	return user->availability == AVAILABILITY_ONLINE && user->away_at == 0
	    ? AVAILABILITY_AWAY
	    : (enum availability)user->availability;
}

/* Appends a frame with the message to out; fails like wire_encode(). */
[[gnu::warn_unused_result]] int msg_encode(
    struct buf *out, enum msg_type type, uint64_t request, const void *msg);

/* Decodes a frame, after checking that from may send it to to in this state. */
[[gnu::warn_unused_result]] enum wire_result msg_decode(
    const struct frame *f, enum role from, enum role to, enum when when, union msg *out);

/* Decodes a payload for which the caller has the description. */
[[gnu::warn_unused_result]] enum wire_result msg_decode_payload(
    const struct msg_desc *d, struct slice payload, union msg *out);

/* Encodes a record without a frame, as in the store, appends it to a list, and decodes it. */
[[gnu::warn_unused_result]] int record_encode(
    struct buf *out, enum msg_type type, const void *rec);
[[gnu::warn_unused_result]] int record_add(
    struct buf *list, enum msg_type type, const void *rec);
[[gnu::warn_unused_result]] enum wire_result record_decode(
    struct slice in, enum msg_type type, void *rec);

/* Reads the record of an answer: true if the message is MSG_RECORD and holds a record of this kind. Its
 * slices are borrowed from m. */
[[gnu::warn_unused_result]] bool msg_read_record(
    uint16_t type, const union msg *m, enum msg_type kind, void *record);

/* Appends a decoded message as one line for a person: `turn_begin session=[3] …`. Shows only the
 * length of text and bytes. */
[[gnu::warn_unused_result]] int msg_print(struct buf *out, enum msg_type type, const void *msg);

#endif
