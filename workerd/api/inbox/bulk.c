/*
 * POST /v1/admin/conversations/bulk: the same change to many conversations, or their deletion, with one result for each.
 *
 * The store gets a request for each conversation, and few of them at a time: a batch of the store has requests of all
 * organizations, and one that changes a thousand conversations delays nobody. A row that fails does not stop the others;
 * only a store that does not answer or accepts no writes ends the work: the rows that are left get that result, or, if no
 * row has another one, the request.
 *
 * A deletion may be delayed, so that it can be taken back until then. The store has the plan (ERASURE_PLAN), not the client:
 * a browser that is closed meanwhile does not keep what its user has deleted.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/guard/rights.h"
#include "workerd/api/inbox/changes.h"
#include "workerd/api/inbox/operator_handlers.h"

#define BULK_MAX    1000u
#define BULK_WINDOW 16u /* requests at the store at a time */
#define UNDO_MAX_MS 60000u
#define ANSWER_MAX  (BULK_MAX * 256u)

_Static_assert(BULK_MAX * sizeof(struct id) <= FIELDS_IDS_MAX, "a body has as many ids");

/* The members of the body. */
struct bulk_body {
	struct slice ids;
	struct json_t *change;
	uint64_t keep;
	uint32_t undo_ms;
	uint8_t delete;
};

static const struct field bulk_fields[] = {
    {"ids", &field_ids, offsetof(struct bulk_body, ids), FIELD_REQUIRED, 1, BULK_MAX, NULL},
    {"change", &field_object, offsetof(struct bulk_body, change), FIELD_OPTIONAL, 0, 0, NULL},
    {"delete", &field_flag, offsetof(struct bulk_body, delete), FIELD_OPTIONAL, 0, 1, NULL},
    {"undoMs", &field_count, offsetof(struct bulk_body, undo_ms), FIELD_OPTIONAL, 0,
	UNDO_MAX_MS, NULL},
    {"keep", &field_at, offsetof(struct bulk_body, keep), FIELD_OPTIONAL, 0, 0, NULL},
    {.name = NULL},
};

/* What happens to each conversation. */
enum bulk_what {
	BULK_CHANGE,
	BULK_ERASE,
	BULK_PLAN, /* its erasure */
	BULK_KEEP, /* the plan is taken back */
};

static const char *const bulk_words[] = {
    [BULK_CHANGE] = "change",
    [BULK_ERASE] = "delete",
    [BULK_PLAN] = "delete_later",
    [BULK_KEEP] = "keep",
};

struct bulk;

/* A request that the store has not answered. */
struct bulk_slot {
	struct bulk *bulk;
	struct store_call *call; /* NULL: the slot is free */
	size_t row;
};

struct bulk {
	struct store_query q;
	struct fields in;
	enum bulk_what what;
	struct change_asked change;
	uint64_t at; /* of a plan, ms since 1970 */
	struct id reader;
	char by[API_CALLER_SIZE];
	struct slice ids; /* in `in` */
	size_t n, next, waiting, succeeded, unavailable;
	struct bulk_slot slots[BULK_WINDOW];
	/* Of the rows that are left: the store does not answer, or accepts no writes. */
	const struct store_refusal *stopped;
	const struct store_refusal *results[BULK_MAX]; /* NULL: the row succeeded */
};

static const struct store_refusal bulk_refusals[] = {
    {STORE_NOT_FOUND, 404, "not_found", conversation_id_missing},
    {STORE_TAKEN, 409, "taken", "An operator has the conversation: hand it back first"},
    {STORE_STALE, 409, "resolved",
	"The conversation is resolved: open it again, then snooze it"},
    {STORE_LIMIT, 422, "tags_many", "The conversation has too many tags"},
    {STORE_INVALID, 422, "tags", "A tag does not exist any more"},
    {STORE_CONFLICT, 422, "user", "The user does not exist any more"},
    {.status = 0},
};
static const struct store_refusal bulk_full = {
    STORE_FULL, 503, "store_full", "The service is out of space, please try again later"};
static const struct store_refusal bulk_unavailable = {
    0, 503, "store_unavailable", "The service is temporarily unavailable, please try again"};
static const struct store_refusal bulk_failed = {0, 500, "internal", "Internal server error"};

static void
bulk_on_end(struct store_query *q)
{
	struct bulk *b = (struct bulk *)q;

	fields_clear(&b->in);
	change_asked_clear(&b->change);
}

/* The client has left, or the work ends: answers that are under way count no more. */
static void
bulk_cancel(void *arg)
{
	struct bulk *b = arg;

	for (size_t i = 0; i < BULK_WINDOW; i++)
		if (b->slots[i].call != NULL)
			store_call_forget(b->slots[i].call);
}

static struct id
bulk_id(const struct bulk *b, size_t row)
{
	struct id id;

	memcpy(id.b, b->ids.p + row * sizeof(id.b), sizeof(id.b));
	return id;
}

static void
bulk_write_row(struct json_writer *j, const struct id *id, const struct store_refusal *result)
{
	json_write_open(j, NULL, '{');
	json_write_id(j, "id", id);
	json_write_uint(j, "status", result == NULL ? 200 : (uint64_t)result->status);
	if (result != NULL) {
		json_write_str(j, "code", slice_str(result->code));
		json_write_str(j, "error", slice_str(result->message));
	}
	json_write_close(j, '}');
}

/* The store has done nothing: the request as a whole gets what each row would. */
static void
bulk_end_unavailable(struct bulk *b)
{
	const struct store_refusal *why = b->stopped;
	struct http_exchange *x = store_query_done(&b->q);

	reply_start(x, why->status);
	reply_header_str(x, "Retry-After", "2");
	reply_error_body(x, why->code, why->message);
}

static void
bulk_end(struct bulk *b)
{
	struct json_writer *j = &b->q.json;
	size_t failed = 0;

	if (b->stopped != NULL && b->unavailable == b->n) {
		bulk_end_unavailable(b);
		return;
	}
	json_write_open(j, NULL, '{');
	json_write_open(j, "results", '[');
	for (size_t i = 0; i < b->n; i++) {
		const struct id id = bulk_id(b, i);

		bulk_write_row(j, &id, b->results[i]);
		failed += b->results[i] != NULL;
	}
	json_write_close(j, ']');
	if (b->what == BULK_PLAN)
		json_write_uint(j, "undoUntil", b->at);
	json_write_close(j, '}');
	log_event(LOG_NOTICE, "conversations_bulk", L_UINT("conn", b->q.x->number),
	    L_ID("org", &b->q.org), L_STR("what", bulk_words[b->what]), L_UINT("rows", b->n),
	    L_UINT("failed", failed), L_STR("by", b->by));
	store_query_reply(&b->q);
}

/* What the store's answer means for a row; NULL: it succeeded. */
static const struct store_refusal *
bulk_result(struct bulk *b, uint16_t type, const union msg *m)
{
	/* A deletion, or the end of a plan, may have been done before the connection to the store ended. */
	if (b->what == BULK_CHANGE     ? type == MSG_CONVERSATION_PAGE
		: b->what == BULK_PLAN ? type == MSG_OK
				       : store_query_removed(&b->q, type, m))
		return NULL;
	if (type == MSG_ERASED)
		return &bulk_refusals[0];
	for (const struct store_refusal *r = bulk_refusals; r->status != 0; r++)
		if (store_refused(type, m, r->error))
			return r;
	if (store_refused(type, m, STORE_FULL))
		return &bulk_full;
	if (type == MSG_ERROR && !store_is_read_only(type, m)) {
		log_event(LOG_ERROR, "store_refused", L_UINT("conn", b->q.x->number),
		    L_UINT("code", m->error.code), L_SLICE("detail", m->error.detail));
		return &bulk_failed;
	}
	return &bulk_unavailable;
}

/* Refuses the request as a whole, because of a member: no conversation was changed, and none can be. */
static bool
bulk_refuse(struct bulk *b, uint16_t type, const union msg *m)
{
	const char *member;
	enum field_reason reason;

	if (b->what != BULK_CHANGE || b->succeeded > 0 ||
	    !change_asked_is_wrong(&b->in, type, m, &member, &reason))
		return false;
	bulk_cancel(b);
	fields_refuse(&b->in, member, reason);
	fields_refuse_query(&b->q, &b->in);
	return true;
}

static void bulk_on_answer(void *arg, uint16_t type, const union msg *m);

/* Asks for a conversation. NULL: too many requests wait for the store. */
static struct store_call *
bulk_ask(struct bulk *b, struct bulk_slot *slot, const struct id *id)
{
	struct msg_conversation_change change = b->change.ask;
	const struct msg_conversation_erase erase = {.org = b->q.org, .conversation = *id};
	const struct msg_erasure_plan plan = {
	    .org = b->q.org, .conversation = *id, .at = b->at, .planned = b->what == BULK_PLAN};
	const void *message = &plan;
	enum msg_type type = MSG_ERASURE_PLAN;

	change.org = b->q.org;
	change.conversation = *id;
	change.reader = b->reader;
	if (b->what == BULK_CHANGE) {
		message = &change;
		type = MSG_CONVERSATION_CHANGE;
	} else if (b->what == BULK_ERASE) {
		message = &erase;
		type = MSG_CONVERSATION_ERASE;
	}
	return store_call(
	    b->q.api->store, type, message, STORE_TIMEOUT_MS, bulk_on_answer, slot);
}

/* Asks for further conversations, and ends the work when nothing is left. */
static void
bulk_go_on(struct bulk *b)
{
	for (size_t i = 0; i < BULK_WINDOW && b->next < b->n && b->stopped == NULL; i++) {
		struct bulk_slot *slot = &b->slots[i];
		const struct id id = bulk_id(b, b->next);

		if (slot->call != NULL)
			continue;
		slot->bulk = b;
		slot->row = b->next;
		slot->call = bulk_ask(b, slot, &id);
		if (slot->call == NULL) {
			/* The next answer makes room. */
			if (b->waiting == 0)
				b->stopped = &bulk_unavailable;
			break;
		}
		b->next++;
		b->waiting++;
	}
	if (b->waiting > 0)
		return;
	b->unavailable += b->n - b->next;
	for (size_t i = b->next; i < b->n; i++)
		b->results[i] = b->stopped;
	bulk_end(b);
}

static void
bulk_on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct bulk_slot *slot = arg;
	struct bulk *b = slot->bulk;
	const struct store_refusal *result = bulk_result(b, type, m);

	slot->call = NULL;
	b->waiting--;
	if (bulk_refuse(b, type, m))
		return;
	b->results[slot->row] = result;
	b->succeeded += result == NULL;
	if (result != NULL && result->status == 503) {
		b->stopped = result;
		b->unavailable++;
	}
	bulk_go_on(b);
}

/* Reads the body, and checks that it asks for one thing. */
static void
bulk_read(struct bulk *b, struct bulk_body *body)
{
	fields_read(&b->in, bulk_fields, true, body);
	if ((body->change != NULL) + (body->delete != 0) + (body->keep != 0) != 1)
		fields_refuse(&b->in, "change", REASON_BULK_WHAT);
	if (body->undo_ms != 0 && !body->delete)
		fields_refuse(&b->in, "undoMs", REASON_UNDO_OTHERWISE);
	b->ids = body->ids;
	b->n = body->ids.len / sizeof(struct id);
	b->what = body->change != NULL ? BULK_CHANGE
	    : body->keep != 0          ? BULK_KEEP
	    : body->undo_ms != 0       ? BULK_PLAN
				       : BULK_ERASE;
	b->at = b->what == BULK_KEEP ? body->keep : clock_wall_ms() + body->undo_ms;
	if (body->change == NULL)
		return;
	fields_enter(&b->in, body->change, "change.");
	change_asked_read(&b->change, &b->in);
}

void
handle_conversations_bulk(const struct api_call *c)
{
	struct bulk_body body = {.keep = 0};
	struct fields in;
	struct bulk *b;

	if (!fields_body(c, &in))
		return;
	b = store_query_new(c, sizeof(*b), ANSWER_MAX, conversation_id_missing);
	b->in = in;
	b->q.on_end = bulk_on_end;
	b->reader = c->user;
	api_caller_name(c, b->by);
	bulk_read(b, &body);
	if (b->in.n_wrong > 0) {
		fields_refuse_query(&b->q, &b->in);
		return;
	}
	if (b->what != BULK_CHANGE && !rights_has(c, RIGHT_DELETE)) {
		store_query_refuse(&b->q, 403, "owners_only",
		    "Only an owner may do this, until an owner grants members the right to "
		    "delete");
		return;
	}
	store_query_wait(&b->q, b, bulk_cancel);
	bulk_go_on(b);
}
