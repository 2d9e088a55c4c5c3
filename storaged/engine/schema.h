/*
 * The layout of the store: the tables, which proto/schema/records.def lists with their keys and records, and the functions
 * that put keys together and take them apart. A checksum (checksum.h) follows each value.
 */
#ifndef STORAGED_ENGINE_SCHEMA_H
#define STORAGED_ENGINE_SCHEMA_H

#include "proto/ipc/messages.h"
#include "proto/ipc/public_id.h"

#define SCHEMA_VERSION 13

/* The same without checksums. */
#define SCHEMA_UNCHECKED 1

/* The names in meta. A number follows that of a probe, a conversation's id that of an erased
 * conversation, a widget's id that of a sighting. */
#define META_VERSION       "schema_version"
#define META_LAST_BACKUP   "last_backup"
#define META_BACKUP_FAILED "backup_failed"
#define META_LOGIN_SECRET  "login_secret"
#define META_PROBE         "probe"
#define META_LATEST_TIME   "latest_time"
#define META_STEADY_TIME   "steady_time"
#define META_ERASED        "erased "
#define META_SEEN          "seen "
#define META_NUMBERS       "numbers"
#define META_LOG           "log"
#define META_LINEAGE       "lineage"
#define META_RESET_ASKED   "reset_asked"

/* Bytes; as in messages.def. */
#define SESSION_MAX   128
#define CLIENT_ID_MAX 129 /* with the first character of an operator's */
#define EMAIL_MAX     254
#define PHONE_MAX     64
#define USER_ID_MAX   128

/* Bytes of a case-folded e-mail address (match_keys.h), at most. */
#define FOLDED_MAX 400

/* Bytes of a block's target, with the letter of its kind. */
#define BLOCK_TARGET_MAX (1 + SESSION_MAX)

/* The longest key: organization, folded e-mail. LMDB itself allows 511 bytes. */
#define KEY_MAX (sizeof(struct id) + FOLDED_MAX)

/* A position in the list by activity, as peers send it: ~updated_at, conversation. */
#define ACTIVITY_CURSOR_LEN (8 + sizeof(struct id))

/* The tables of proto/schema/records.def, by their numbers there. */
enum table {
#define TABLE(number, NAME, name, key, value) TABLE_##NAME = (number),
#include "proto/schema/records.def"
	TABLES,
};

/* Named databases of an environment, at most: ours, and those of other schemas. */
#define TABLES_MAX 128
_Static_assert(TABLES <= TABLES_MAX, "an environment has room for all tables");

/* The name of a table in the LMDB environment. */
const char *table_name(enum table table);

/* What the values of a table are; 0: no records, or of several types. */
enum msg_type table_record(enum table table);

/* A key, or the common front part of a range of keys. */
struct key {
	size_t len;
	uint8_t b[KEY_MAX];
};

struct slice key_slice(const struct key *key);

/* Copies a key that lies in the map. One that is longer than KEY_MAX, which only a damaged page has, is cut. */
struct key key_of(struct slice bytes);

/* Whether a key has the length of this table's keys; only such a key may be taken apart. */
bool key_fits(enum table table, struct slice key);

/* The id at the front of a key: of any table but meta and logins. */
struct id key_front(struct slice key);

/* The id at the end of a key: of orgs, users, agents, widgets, contacts and keys_by_org. */
struct id key_back(struct slice key);

/* A key of one id: conversations, turns, open_turns, totals, uploads, files, file_totals; and the front of messages and
 * client_ids (of a conversation), partials (of a turn) and conversations_by_activity (of an
 * organization). */
struct key key_id(const struct id *id);

/* meta. name has at most KEY_MAX bytes. */
struct key key_meta(const char *name);

/* meta, of an erased conversation (garbage.h); and the conversation of such a name (false: not
 * one). */
struct key key_erased(const struct id *conversation);
bool meta_erased(struct slice name, struct id *conversation);

/* meta, of the last sighting of a widget (widget_status.h); and the widget of such a name (false: not one). */
struct key key_seen(const struct id *widget);
bool meta_seen(struct slice name, struct id *widget);

/* conversations_by_session. session has at most SESSION_MAX bytes. */
struct key key_session(const struct id *org, const struct id *widget, struct slice session);

/* conversations_by_activity: the newest activity sorts first. */
struct key key_activity(
    const struct id *org, uint64_t updated_at, const struct id *conversation);

/* The same from a cursor of ACTIVITY_CURSOR_LEN bytes. */
struct key key_activity_at(const struct id *org, struct slice cursor);

/* The cursor of a key of conversations_by_activity, conversations_by_widget or
 * conversations_by_contact, and the conversation that such a key names. */
struct slice activity_cursor(struct slice key);
struct id activity_conversation(struct slice key);

/* messages. */
struct key key_message(const struct id *conversation, uint64_t seq);
uint64_t message_seq(struct slice key);

/* The pieces of something, in their order; its front is key_id().
 *	partials, of a turn: where the piece starts in the reply, in bytes; PARTIAL_SOURCES: no piece, but the reply's
 *		SOURCES_RECORD so far
 *	chunks, of a page: the chunk's index
 *	upload_pieces, file_pieces: where the piece starts, in bytes */
#define PARTIAL_SOURCES UINT32_MAX
struct key key_piece(const struct id *whole, uint32_t place);
uint32_t piece_place(struct slice key);

/* client_ids. name has at most CLIENT_ID_MAX bytes. */
struct key key_client_id(const struct id *conversation, struct slice name);
struct slice client_id_name(struct slice key);

/* conversations_by_widget and conversations_by_contact: like key_activity(), for one widget or
 * contact. A cursor has ACTIVITY_CURSOR_LEN bytes. */
struct key key_activity_of(const struct id *org, const struct id *of, uint64_t updated_at,
    const struct id *conversation);
struct key key_activity_of_at(const struct id *org, const struct id *of, struct slice cursor);

/* users, agents, widgets, contacts, webhooks, responses, invitations, mails, sources, source_states, answers, gaps, keys_by_org, files_by_owner; and
 * the front of logins_by_user (of a user), conversations_by_widget, conversations_by_contact and source_pages. */
struct key key_of_org(const struct id *org, const struct id *id);

/* The parts of such a key, or of a value of users_by_email, widgets_by_public or
 * invitations_by_token. */
void org_key_parts(struct slice key, struct id *org, struct id *id);

/* logins, keys, visitors, invitations_by_token. */
struct key key_hash(const struct hash256 *hash);

/* logins_by_user. */
struct key key_user_login(const struct id *org, const struct id *user, const struct id *login);

/* mentions. The front of a user's mentions is key_of_org(). */
struct key key_mention(const struct id *org, const struct id *user, const struct id *note);

/* source_pages. */
struct key key_source_page(
    const struct id *org, const struct id *source, const struct id *page);

/* source_pages_by_url. hash: SHA-256 of the address. Its front is key_of_org(). */
struct key key_source_page_url(
    const struct id *org, const struct id *source, const struct hash256 *hash);

/* vectors. hash: of the chunk. The front of a page's vectors is key_id(). */
struct key key_vector(const struct id *page, const struct hash256 *hash);

/* gaps_by_conversation. Its front is key_id(). */
struct key key_conversation_gap(const struct id *conversation, const struct id *gap);

/* users_by_email: folded has at most FOLDED_MAX bytes. */
struct key key_email(struct slice folded);

/* widgets_by_public. */
struct key key_public(struct slice public_id);

/* contacts_by_email, contacts_by_phone, contacts_by_user_id: name has at most FOLDED_MAX bytes. */
struct key key_contact_name(const struct id *org, struct slice name);

/* blocks_by_target. An empty target is the front of all of a kind. */
struct key key_block(const struct id *org, char kind, struct slice target);

/* deliveries. webhook: its key in webhooks, which is also the front; n: the number of the change. */
struct key key_delivery(const struct key *webhook, uint64_t n);

/* caps. day: whole UTC days since 1970. */
struct key key_cap(const struct id *widget, uint32_t day);
uint32_t cap_day(struct slice key);

/* changes. */
struct key key_change(uint64_t seq);
uint64_t change_seq(struct slice key);

/* due. time: ms since 1970. */
enum due_kind {
	DUE_AWAY = 1,  /* a user without input becomes away */
	DUE_ERASE = 2, /* a conversation is erased (visitors/erase_plan.h) */
	DUE_FILE = 3,  /* a file that is in no message is removed (files/file_records.h) */
	DUE_WAKE = 4,  /* a conversation is no longer snoozed (duty/wake.h) */
	DUE_MAIL = 5,  /* a mail that was sent, or has failed, is removed */
	DUE_UNSEEN =
	    6, /* a visitor who has left gets the team's answers by mail (mailing/unseen.h) */
	DUE_STEP = 7, /* a step expires, is lost, or must go on (steps/step_states.h) */
	DUE_KINDS,
};
struct key key_due(uint64_t time, enum due_kind kind, const struct id *id);
uint64_t due_time(struct slice key);
uint8_t due_kind(struct slice key);
struct id due_id(struct slice key);

/* mails_waiting, files_checking. time: ms since 1970. */
struct key key_mail_waiting(uint64_t time, const struct id *mail);
uint64_t key_mail_time(struct slice key);

/* returns_of_visitor. Its front is key_id(). */
struct key key_return(const struct id *visitor, const struct hash256 *token);

struct key key_address(const struct id *org, const struct hash256 *address);

/* mails_about. Its front is key_id(). */
struct key key_mail_about(const struct id *about, const struct id *mail);

/* spent. period: budgets/budgets.h. Its front is key_of_org(). */
struct key key_spent(const struct id *org, const struct id *widget, uint32_t period);
uint32_t spent_period(struct slice key);

/* spenders. day: whole UTC days since 1970; spender: budgets/spenders.h. Its front is key_of_org(). */
struct key key_spender(
    const struct id *org, const struct id *widget, uint32_t day, const struct id *spender);
uint32_t spender_day(struct slice key);

/* numbers. day: whole UTC days since 1970; hour: 0 to 23, or NUMBERS_DAY for all of the day. The front of
 * an organization's numbers is key_id(), that of a day's key_numbers_day(). */
#define NUMBERS_DAY        24u
#define NUMBERS_CURSOR_LEN (4 + 2 * sizeof(struct id) + 1)
struct key key_numbers(const struct id *org, uint32_t day, const struct id *widget,
    const struct id *agent, uint8_t hour);
struct key key_numbers_day(const struct id *org, uint32_t day);

/* The same from a cursor of NUMBERS_CURSOR_LEN bytes; and the cursor of a key. */
struct key key_numbers_at(const struct id *org, struct slice cursor);
struct slice numbers_cursor(struct slice key);

/* The parts of a key of numbers. */
struct numbers_key {
	struct id org, widget, agent;
	uint32_t day;
	uint8_t hour;
};
struct numbers_key numbers_key_parts(struct slice key);

#endif
