/*
 * GET and PUT /v1/admin/rights: what the organization grants to its members beyond their everyday work.
 */
#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/accounts/accounts_handlers.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/guard/rights.h"
#include "workerd/api/request/store_query.h"

#define ANSWER_MAX 4096 /* bytes of JSON */

/* The rights that can be granted. */
struct granted {
	uint8_t mask;
};

#define RIGHT_IN_ALL(bit, word)
#define RIGHT_IN_OWNERS(bit, word)
#define RIGHT_IN_GRANTED(bit, word)                                                         \
	{word, &field_flag, offsetof(struct granted, mask), FIELD_OPTIONAL, 0, 1u << (bit), \
	    NULL},
static const struct field granted_fields[] = {
#define RIGHT(NAME, bit, word, holders) RIGHT_IN_##holders(bit, word)
#include "workerd/api/request/rights.def"
    {.name = NULL},
};

struct rights_query {
	struct store_query q;
	char by[API_CALLER_SIZE];
};

static void
rights_on_org(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct msg_org_record org;
	struct granted granted;

	if (type != MSG_ORG) {
		store_query_fail(q, type, m);
		return;
	}
	must(record_decode(m->org.org, MSG_ORG_RECORD, &org) == WIRE_OK);
	granted.mask = (uint8_t)org.member_rights;
	json_write_open(&q->json, NULL, '{');
	json_write_open(&q->json, "members", '{');
	fields_write(&q->json, granted_fields, &granted);
	json_write_close(&q->json, '}');
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

static void
rights_ask(struct store_query *q)
{
	store_query_ask(q, MSG_ORG_GET, &(struct msg_org_get){.org = q->org}, rights_on_org);
}

void
handle_rights_get(const struct api_call *c)
{
	rights_ask(store_query_new(c, sizeof(struct store_query), ANSWER_MAX, "Not found"));
}

static void
rights_on_put(void *arg, uint16_t type, const union msg *m)
{
	struct rights_query *r = arg;

	if (type != MSG_OK) {
		store_query_fail(&r->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "rights_changed", L_UINT("conn", r->q.x->number),
	    L_ID("org", &r->q.org), L_STR("by", r->by));
	rights_ask(&r->q);
}

/* Reads a body into the request to the store; rights that it does not name stay as they are. */
static void
rights_read(struct fields *in, struct msg_rights_put *put)
{
	static const struct field members[] = {
	    {"members", &field_object, 0, FIELD_REQUIRED, 0, 0, NULL}, {.name = NULL}};
	struct granted granted = {0};
	struct json_t *object = NULL;

	fields_read(in, members, true, &object);
	if (object == NULL)
		return;
	fields_enter(in, object, "members.");
	fields_read(in, granted_fields, true, &granted);
	for (const struct field *f = granted_fields; f->name != NULL; f++)
		if (fields_has(in, f->name))
			put->which |= f->max;
	fields_enter(in, in->json, "");
	put->granted = granted.mask;
}

void
handle_rights_change(const struct api_call *c)
{
	struct msg_rights_put put = {.org = c->org};
	struct rights_query *r;
	struct fields in;

	if (!fields_body(c, &in))
		return;
	rights_read(&in, &put);
	if (fields_wrong(&in).len > 0) {
		fields_reply_wrong(c->api, c->x, &in);
	} else {
		r = store_query_new(c, sizeof(*r), ANSWER_MAX, "Not found");
		api_caller_name(c, r->by);
		store_query_ask(&r->q, MSG_RIGHTS_PUT, &put, rights_on_put);
	}
	fields_clear(&in);
}
