/*
 * /v1/admin/keys: API keys of an organization, for chat or for the admin API. A key is shown once, when it
 * is created: the store has only its hash. Only owners may use these requests, since an admin key has the
 * rights of an owner.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/list_frame.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define NAME_UNITS 100
#define HINT_CHARS 4
#define LIST_MAX   (1024u * 1024) /* bytes of JSON */
#define ONE_MAX    8192
#define RECORD_MAX 1024

#define AT(member) offsetof(struct msg_key_record, member)

static const struct field key_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(org), FIELD_FIXED, 0, 0, NULL},
    {"kind", &field_choice, AT(kind), FIELD_REQUIRED, 0, 0, key_kind_words},
    {"name", &field_line, AT(name), FIELD_NULLABLE, 1, NAME_UNITS, NULL},
    {"hint", &field_line, AT(hint), FIELD_FIXED, 0, 0, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"last_used_at", &field_moment, AT(used_at), FIELD_FIXED, 0, 0, NULL},
    {0},
};

static const struct store_refusal refusals[] = {
    {STORE_LIMIT, 409, "limit_reached", "There are too many keys"},
    {0},
};

/* A request that waits for the store. */
struct key_query {
	struct store_query q;
	char by[API_CALLER_SIZE];
	struct id id;
	enum key_kind kind; /* of a new one */
};

static struct key_query *
keys_new_query(const struct api_call *c, size_t out_max)
{
	struct key_query *k = store_query_new(c, sizeof(*k), out_max, "Key not found");

	k->q.refusals = refusals;
	api_caller_name(c, k->by);
	return k;
}

static void
keys_write_item(struct json_writer *j, struct slice item, const void *ctx)
{
	struct msg_key_record key;

	(void)ctx;
	must(record_decode(item, MSG_KEY_RECORD, &key) == WIRE_OK);
	json_write_open(j, NULL, '{');
	fields_write(j, key_fields, &key);
	json_write_close(j, '}');
}

static void
keys_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct key_query *k = arg;
	struct json_writer *j = &k->q.json;

	if (type != MSG_KEY_PAGE) {
		store_query_fail(&k->q, type, m);
		return;
	}
	list_frame_open(j, "keys", m->key_page.keys, keys_write_item, NULL);
	json_write_close(j, '}');
	store_query_reply(&k->q);
}

void
handle_keys_list(const struct api_call *c)
{
	struct msg_key_list ask = {.org = c->org};

	store_query_ask(&keys_new_query(c, LIST_MAX)->q, MSG_KEY_LIST, &ask, keys_on_list);
}

static void
keys_on_created(void *arg, uint16_t type, const union msg *m)
{
	struct key_query *k = arg;

	if (type != MSG_OK) {
		store_query_fail(&k->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "key_created", L_UINT("conn", k->q.x->number),
	    L_ID("org", &k->q.org), L_ID("key", &k->id), L_STR("kind", key_kind_words[k->kind]),
	    L_STR("by", k->by));
	store_query_reply_status(&k->q, 201);
}

/* Writes the answer, the only one with the key's text, and asks the store to keep the hash. */
static void
keys_create(struct key_query *k, struct msg_key_record *key)
{
	char text[KEY_TEXT + 1], token[SECRET_TOKEN_TEXT + 1];
	struct msg_key_create ask;
	struct buf record;

	secret_token(token);
	(void)snprintf(text, sizeof(text), "%s%s",
	    key->kind == KEY_WIDGET ? KEY_WIDGET_PREFIX : KEY_ADMIN_PREFIX, token);
	key->key = secret_hash(slice_str(text));
	key->hint = slice_str(text + KEY_TEXT - HINT_CHARS);
	json_write_open(&k->q.json, NULL, '{');
	fields_write(&k->q.json, key_fields, key);
	json_write_str(&k->q.json, "key", slice_str(text));
	json_write_close(&k->q.json, '}');
	buf_init(&record, RECORD_MAX);
	must(record_encode(&record, MSG_KEY_RECORD, key) == 0);
	ask.key = buf_slice(&record);
	store_query_ask(&k->q, MSG_KEY_CREATE, &ask, keys_on_created);
	buf_clear(&record);
	explicit_bzero(token, sizeof(token));
	explicit_bzero(text, sizeof(text));
}

void
handle_keys_create(const struct api_call *c)
{
	struct msg_key_record key = {.v = RECORD_VERSION, .org = c->org};
	struct key_query *k;
	struct fields in;

	if (!fields_body(c, &in))
		return;
	fields_read(&in, key_fields, true, &key);
	if (fields_wrong(&in).len > 0) {
		fields_reply_wrong(c->api, c->x, &in);
	} else {
		k = keys_new_query(c, ONE_MAX);
		k->id = key.id = id_new();
		k->kind = key.kind;
		key.created_at = clock_wall_ms();
		keys_create(k, &key);
	}
	fields_clear(&in);
}

static void
keys_on_deleted(void *arg, uint16_t type, const union msg *m)
{
	struct key_query *k = arg;

	if (!store_query_removed(&k->q, type, m)) {
		store_query_fail(&k->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "key_deleted", L_UINT("conn", k->q.x->number),
	    L_ID("org", &k->q.org), L_ID("key", &k->id), L_STR("by", k->by));
	store_query_reply_empty(&k->q);
}

void
handle_keys_delete(const struct api_call *c)
{
	struct msg_key_revoke revoke = {.org = c->org};
	struct key_query *k;

	if (!api_path_id(c, "Invalid keyId", &revoke.key))
		return;
	k = keys_new_query(c, 0);
	k->id = revoke.key;
	store_query_ask(&k->q, MSG_KEY_REVOKE, &revoke, keys_on_deleted);
}
