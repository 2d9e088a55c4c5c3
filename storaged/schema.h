/*
 * How the store is laid out: the tables (LMDB's named databases) and the bytes of every key. The
 * one place that knows; all others ask here.
 *
 * Keys are the ids and numbers one after the other. Numbers are big-endian, so that the order of
 * bytes (LMDB's order) is the order of the list, and inverted where the list starts with the
 * greatest. A change of anything here is a new SCHEMA_VERSION and needs a migration (migrate.h).
 */
#ifndef STORAGED_SCHEMA_H
#define STORAGED_SCHEMA_H

#include "proto/messages.h"

#define SCHEMA_VERSION 3

/* The names in meta. A probe's name has a number behind it. */
#define META_VERSION     "schema_version"
#define META_LAST_BACKUP "last_backup"
#define META_PROBE       "probe"

/* Bytes; as in messages.def. */
#define SESSION_MAX   128
#define CLIENT_ID_MAX 128

/* The longest key: organization, widget, session. LMDB itself takes up to 511 bytes. */
#define KEY_MAX (2 * sizeof(struct id) + SESSION_MAX)

/* A place in the list by activity, as peers carry it: ~updated_at, conversation. */
#define ACTIVITY_CURSOR_LEN (8 + sizeof(struct id))

enum table {
	TABLE_META,                      /* name → value */
	TABLE_CONVERSATIONS,             /* conversation → CONVERSATION_RECORD */
	TABLE_CONVERSATIONS_BY_SESSION,  /* org, widget, session → conversation */
	TABLE_CONVERSATIONS_BY_ACTIVITY, /* org, ~updated_at, conversation → nothing */
	TABLE_MESSAGES,                  /* conversation, seq → MESSAGE_RECORD */
	TABLE_TURNS,                     /* turn → TURN_RECORD */
	TABLE_OPEN_TURNS,                /* turn → OPEN_TURN_RECORD */
	TABLE_PARTIALS,                  /* turn, offset → a piece of the reply */
	TABLE_LOGINS,                    /* SHA-256 of the token → LOGIN_RECORD */
	TABLE_TOTALS,                    /* org → TOTALS_RECORD */
	TABLE_CLIENT_IDS,                /* conversation, client's id → CLIENT_ID_RECORD */
	TABLES,
};

/* The name of a table in the LMDB environment. */
const char *table_name(enum table table);

/* A key, or the front part that a range of keys shares. */
struct key {
	size_t len;
	uint8_t b[KEY_MAX];
};

struct slice key_slice(const struct key *key);

/* A copy of a key that lies in the map. */
struct key key_of(struct slice bytes);

/* Whether a key is as long as this table's keys are; only such a key may be taken apart. */
bool key_fits(enum table table, struct slice key);

/* The id that a key begins with: of any table but meta and logins. */
struct id key_front(struct slice key);

/* A key of one id: conversations, turns, open_turns, totals; and the front of messages (of a
 * conversation), client_ids (the same), partials (of a turn) and conversations_by_activity (of an
 * organization). */
struct key key_id(const struct id *id);

/* meta. name has at most KEY_MAX bytes. */
struct key key_meta(const char *name);

/* conversations_by_session. session has at most SESSION_MAX bytes. */
struct key key_session(const struct id *org, const struct id *widget, struct slice session);

/* conversations_by_activity: the newest activity sorts first. */
struct key key_activity(
    const struct id *org, uint64_t updated_at, const struct id *conversation);

/* The same from a cursor of ACTIVITY_CURSOR_LEN bytes, and the cursor of a key. */
struct key key_activity_at(const struct id *org, struct slice cursor);
struct slice activity_cursor(struct slice key);

/* The conversation that a key of conversations_by_activity names. */
struct id activity_conversation(struct slice key);

/* messages. */
struct key key_message(const struct id *conversation, uint64_t seq);
uint64_t message_seq(struct slice key);

/* partials: offset is where the piece starts in the reply, in bytes. */
struct key key_partial(const struct id *turn, uint32_t offset);
uint32_t partial_offset(struct slice key);

/* client_ids. name has at most CLIENT_ID_MAX bytes. */
struct key key_client_id(const struct id *conversation, struct slice name);
struct slice client_id_name(struct slice key);

/* logins. */
struct key key_login(const struct hash256 *token);

#endif
