/*
 * The bytes of the keys. A key that is taken apart here comes from the store and has the length
 * that this file gave it; must() ends the process otherwise.
 */
#include "storaged/engine/schema.h"

#include <endian.h>
#include <string.h>

#include "proto/base/basics.h"

static const char *const names[TABLES] = {
#define TABLE(number, NAME, name, key, value) [number] = #name,
#include "proto/schema/records.def"
};

static const enum msg_type records[TABLES] = {
#define RECORD(type)                          MSG_##type
#define POINTS(...)                           0
#define PIECE                                 0
#define MIXED                                 0
#define TABLE(number, NAME, name, key, value) [number] = (value),
#include "proto/schema/records.def"
#undef RECORD
#undef POINTS
#undef PIECE
#undef MIXED
};

#define TABLE(number, NAME, name, key, value) +1
_Static_assert(TABLES == 0
#include "proto/schema/records.def"
    ,
    "the tables are numbered from 0, without a gap");

#define ID(part)            +sizeof(struct id)
#define HASH(part)          +sizeof(struct hash256)
#define NUMBER(part, bytes) +(bytes)
#define NEWEST(part)        +sizeof(uint64_t)

/* Bytes of the shortest and of the longest key of each table. */
static const uint16_t shortest[TABLES] = {
#define TEXT(part, most)                      +1
#define TABLE(number, NAME, name, key, value) [number] = 0 key,
#include "proto/schema/records.def"
#undef TEXT
};
static const uint16_t longest[TABLES] = {
#define TEXT(part, most)                      +(most)
#define TABLE(number, NAME, name, key, value) [number] = 0 key,
#include "proto/schema/records.def"
#undef TEXT
};

const char *
table_name(enum table table)
{
	return names[table];
}

enum msg_type
table_record(enum table table)
{
	return records[table];
}

struct slice
key_slice(const struct key *key)
{
	return (struct slice){key->b, key->len};
}

static void
schema_add_bytes(struct key *key, const void *p, size_t n)
{
	must(n <= sizeof(key->b) - key->len);
	if (n > 0)
		memcpy(key->b + key->len, p, n);
	key->len += n;
}

/* The low n bytes of v (1 to 8), highest first. */
static void
schema_add_number(struct key *key, uint64_t v, size_t n)
{
	uint64_t be = htobe64(v << (64 - 8 * n));

	schema_add_bytes(key, &be, n);
}

static uint64_t
schema_read_number(struct slice key, size_t at, size_t n)
{
	uint64_t be = 0;

	must(key.len == at + n);
	memcpy(&be, key.p + at, n);
	return be64toh(be) >> (64 - 8 * n);
}

struct key
key_of(struct slice bytes)
{
	struct key key;

	key.len = 0;
	schema_add_bytes(&key, bytes.p, bytes.len < KEY_MAX ? bytes.len : KEY_MAX);
	return key;
}

bool
key_fits(enum table table, struct slice key)
{
	must((size_t)table < TABLES);
	return key.len >= shortest[table] && key.len <= longest[table];
}

struct id
key_front(struct slice key)
{
	struct id id;

	must(key.len >= sizeof(id.b));
	memcpy(id.b, key.p, sizeof(id.b));
	return id;
}

struct id
key_back(struct slice key)
{
	struct id id;

	must(key.len >= sizeof(id.b));
	memcpy(id.b, key.p + key.len - sizeof(id.b), sizeof(id.b));
	return id;
}

struct key
key_id(const struct id *id)
{
	struct key key;

	key.len = 0;
	schema_add_bytes(&key, id->b, sizeof(id->b));
	return key;
}

struct key
key_meta(const char *name)
{
	struct key key;

	key.len = 0;
	schema_add_bytes(&key, name, strlen(name));
	return key;
}

/* meta, a name that ends with an id. */
static struct key
key_meta_of_id(const char *front, const struct id *id)
{
	struct key key = key_meta(front);
	char text[ID_TEXT_LEN + 1];

	id_format(id, text);
	schema_add_bytes(&key, text, ID_TEXT_LEN);
	return key;
}

static bool
meta_is_of_id(struct slice name, const char *front, struct id *id)
{
	const size_t n = strlen(front);

	return name.len > n && memcmp(name.p, front, n) == 0 &&
	    id_parse((struct slice){name.p + n, name.len - n}, id) == 0;
}

struct key
key_erased(const struct id *conversation)
{
	return key_meta_of_id(META_ERASED, conversation);
}

bool
meta_erased(struct slice name, struct id *conversation)
{
	return meta_is_of_id(name, META_ERASED, conversation);
}

struct key
key_seen(const struct id *widget)
{
	return key_meta_of_id(META_SEEN, widget);
}

bool
meta_seen(struct slice name, struct id *widget)
{
	return meta_is_of_id(name, META_SEEN, widget);
}

struct key
key_session(const struct id *org, const struct id *widget, struct slice session)
{
	struct key key = key_id(org);

	schema_add_bytes(&key, widget->b, sizeof(widget->b));
	schema_add_bytes(&key, session.p, session.len);
	return key;
}

struct key
key_activity(const struct id *org, uint64_t updated_at, const struct id *conversation)
{
	struct key key = key_id(org);

	schema_add_number(&key, ~updated_at, 8);
	schema_add_bytes(&key, conversation->b, sizeof(conversation->b));
	return key;
}

struct key
key_activity_at(const struct id *org, struct slice cursor)
{
	struct key key = key_id(org);

	must(cursor.len == ACTIVITY_CURSOR_LEN);
	schema_add_bytes(&key, cursor.p, cursor.len);
	return key;
}

struct slice
activity_cursor(struct slice key)
{
	must(key.len > ACTIVITY_CURSOR_LEN);
	return (struct slice){key.p + key.len - ACTIVITY_CURSOR_LEN, ACTIVITY_CURSOR_LEN};
}

struct id
activity_conversation(struct slice key)
{
	struct slice cursor = activity_cursor(key);
	struct id id;

	memcpy(id.b, cursor.p + 8, sizeof(id.b));
	return id;
}

struct key
key_message(const struct id *conversation, uint64_t seq)
{
	struct key key = key_id(conversation);

	schema_add_number(&key, seq, 8);
	return key;
}

uint64_t
message_seq(struct slice key)
{
	return schema_read_number(key, sizeof(struct id), 8);
}

struct key
key_delivery(const struct key *webhook, uint64_t n)
{
	struct key key = *webhook;

	schema_add_number(&key, n, 8);
	return key;
}

struct key
key_piece(const struct id *whole, uint32_t place)
{
	struct key key = key_id(whole);

	schema_add_number(&key, place, 4);
	return key;
}

uint32_t
piece_place(struct slice key)
{
	return (uint32_t)schema_read_number(key, sizeof(struct id), 4);
}

struct key
key_client_id(const struct id *conversation, struct slice name)
{
	struct key key = key_id(conversation);

	schema_add_bytes(&key, name.p, name.len);
	return key;
}

struct slice
client_id_name(struct slice key)
{
	const size_t id = sizeof(struct id);

	must(key.len > id);
	return (struct slice){key.p + id, key.len - id};
}

struct key
key_activity_of(const struct id *org, const struct id *of, uint64_t updated_at,
    const struct id *conversation)
{
	struct key key = key_of_org(org, of);

	schema_add_number(&key, ~updated_at, 8);
	schema_add_bytes(&key, conversation->b, sizeof(conversation->b));
	return key;
}

struct key
key_activity_of_at(const struct id *org, const struct id *of, struct slice cursor)
{
	struct key key = key_of_org(org, of);

	must(cursor.len == ACTIVITY_CURSOR_LEN);
	schema_add_bytes(&key, cursor.p, cursor.len);
	return key;
}

struct key
key_of_org(const struct id *org, const struct id *id)
{
	struct key key = key_id(org);

	schema_add_bytes(&key, id->b, sizeof(id->b));
	return key;
}

void
org_key_parts(struct slice key, struct id *org, struct id *id)
{
	must(key.len == 2 * sizeof(struct id));
	memcpy(org->b, key.p, sizeof(org->b));
	memcpy(id->b, key.p + sizeof(org->b), sizeof(id->b));
}

struct key
key_hash(const struct hash256 *hash)
{
	struct key key;

	key.len = 0;
	schema_add_bytes(&key, hash->b, sizeof(hash->b));
	return key;
}

struct key
key_user_login(const struct id *org, const struct id *user, const struct id *login)
{
	struct key key = key_of_org(org, user);

	schema_add_bytes(&key, login->b, sizeof(login->b));
	return key;
}

struct key
key_mention(const struct id *org, const struct id *user, const struct id *note)
{
	return key_user_login(org, user, note);
}

struct key
key_source_page(const struct id *org, const struct id *source, const struct id *page)
{
	struct key key = key_of_org(org, source);

	schema_add_bytes(&key, page->b, sizeof(page->b));
	return key;
}

struct key
key_source_page_url(const struct id *org, const struct id *source, const struct hash256 *hash)
{
	struct key key = key_of_org(org, source);

	schema_add_bytes(&key, hash->b, sizeof(hash->b));
	return key;
}

struct key
key_vector(const struct id *page, const struct hash256 *hash)
{
	struct key key = key_id(page);

	schema_add_bytes(&key, hash->b, sizeof(hash->b));
	return key;
}

struct key
key_return(const struct id *visitor, const struct hash256 *token)
{
	return key_vector(visitor, token);
}

struct key
key_address(const struct id *org, const struct hash256 *address)
{
	return key_vector(org, address);
}

struct key
key_conversation_gap(const struct id *conversation, const struct id *gap)
{
	return key_of_org(conversation, gap);
}

struct key
key_email(struct slice folded)
{
	return key_of(folded);
}

struct key
key_public(struct slice public_id)
{
	return key_of(public_id);
}

struct key
key_contact_name(const struct id *org, struct slice name)
{
	struct key key = key_id(org);

	schema_add_bytes(&key, name.p, name.len);
	return key;
}

struct key
key_block(const struct id *org, char kind, struct slice target)
{
	struct key key = key_id(org);

	schema_add_bytes(&key, &kind, 1);
	schema_add_bytes(&key, target.p, target.len);
	return key;
}

struct key
key_cap(const struct id *widget, uint32_t day)
{
	struct key key = key_id(widget);

	schema_add_number(&key, day, 4);
	return key;
}

struct key
key_spent(const struct id *org, const struct id *widget, uint32_t period)
{
	struct key key = key_of_org(org, widget);

	schema_add_number(&key, period, 4);
	return key;
}

uint32_t
spent_period(struct slice key)
{
	return (uint32_t)schema_read_number(key, 2 * sizeof(struct id), 4);
}

struct key
key_spender(
    const struct id *org, const struct id *widget, uint32_t day, const struct id *spender)
{
	struct key key = key_spent(org, widget, day);

	schema_add_bytes(&key, spender->b, sizeof(spender->b));
	return key;
}

uint32_t
spender_day(struct slice key)
{
	must(key.len == 3 * sizeof(struct id) + 4);
	return spent_period((struct slice){key.p, 2 * sizeof(struct id) + 4});
}

uint32_t
cap_day(struct slice key)
{
	return (uint32_t)schema_read_number(key, sizeof(struct id), 4);
}

struct key
key_due(uint64_t time, enum due_kind kind, const struct id *id)
{
	struct key key;

	key.len = 0;
	schema_add_number(&key, time, 8);
	schema_add_number(&key, kind, 1);
	schema_add_bytes(&key, id->b, sizeof(id->b));
	return key;
}

uint64_t
due_time(struct slice key)
{
	must(key_fits(TABLE_DUE, key));
	return schema_read_number((struct slice){key.p, 8}, 0, 8);
}

uint8_t
due_kind(struct slice key)
{
	must(key_fits(TABLE_DUE, key));
	return key.p[8];
}

struct id
due_id(struct slice key)
{
	struct id id;

	must(key_fits(TABLE_DUE, key));
	memcpy(id.b, key.p + key.len - sizeof(id.b), sizeof(id.b));
	return id;
}

struct key
key_mail_waiting(uint64_t time, const struct id *mail)
{
	struct key key;

	key.len = 0;
	schema_add_number(&key, time, 8);
	schema_add_bytes(&key, mail->b, sizeof(mail->b));
	return key;
}

uint64_t
key_mail_time(struct slice key)
{
	must(key_fits(TABLE_MAILS_WAITING, key) || key_fits(TABLE_FILES_CHECKING, key));
	return schema_read_number((struct slice){key.p, 8}, 0, 8);
}

struct key
key_mail_about(const struct id *about, const struct id *mail)
{
	return key_of_org(about, mail);
}

struct key
key_change(uint64_t seq)
{
	struct key key;

	key.len = 0;
	schema_add_number(&key, seq, 8);
	return key;
}

uint64_t
change_seq(struct slice key)
{
	return schema_read_number(key, 0, 8);
}

struct key
key_numbers_day(const struct id *org, uint32_t day)
{
	struct key key = key_id(org);

	schema_add_number(&key, day, 4);
	return key;
}

struct key
key_numbers(const struct id *org, uint32_t day, const struct id *widget, const struct id *agent,
    uint8_t hour)
{
	struct key key = key_numbers_day(org, day);

	schema_add_bytes(&key, widget->b, sizeof(widget->b));
	schema_add_bytes(&key, agent->b, sizeof(agent->b));
	schema_add_number(&key, hour, 1);
	return key;
}

struct key
key_numbers_at(const struct id *org, struct slice cursor)
{
	struct key key = key_id(org);

	must(cursor.len == NUMBERS_CURSOR_LEN);
	schema_add_bytes(&key, cursor.p, cursor.len);
	return key;
}

struct slice
numbers_cursor(struct slice key)
{
	must(key.len == sizeof(struct id) + NUMBERS_CURSOR_LEN);
	return (struct slice){key.p + sizeof(struct id), NUMBERS_CURSOR_LEN};
}

struct numbers_key
numbers_key_parts(struct slice key)
{
	const size_t id = sizeof(struct id);
	struct numbers_key parts = {.org = key_front(key)};

	must(key.len == id + NUMBERS_CURSOR_LEN);
	parts.day = (uint32_t)schema_read_number((struct slice){key.p, id + 4}, id, 4);
	memcpy(parts.widget.b, key.p + id + 4, id);
	memcpy(parts.agent.b, key.p + 2 * id + 4, id);
	parts.hour = key.p[key.len - 1];
	return parts;
}
