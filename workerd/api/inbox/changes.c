/*
 * PUT /v1/admin/conversations/{id}: state, assignment, tags, until when it is snoozed, and whether the caller has read it. Members that the
 * body does not name stay unchanged. Tags are set as a whole, or some are added and removed, so that users who tag
 * the same conversation do not undo each other's changes.
 */
#include <string.h>

#include <jansson.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/fields/conversation_id.h"
#include "workerd/api/fields/conversation_json.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/inbox/changes.h"
#include "workerd/api/inbox/operator_handlers.h"

#define TAGS_MAX   32u
#define ANSWER_MAX 65536u
/* A year, in ms. */
#define SNOOZE_MAX_MS (366.0 * 24 * 3600 * 1000)

/* The members of the body. */
struct change {
	uint8_t state, read;
	struct id assigned;
	struct json_t *tags, *add_tags, *remove_tags, *snoozed;
};

static const struct field change_fields[] = {
    {"state", &field_choice, offsetof(struct change, state), FIELD_OPTIONAL, 0, 0,
	conversation_state_words},
    {"assignedTo", &field_id, offsetof(struct change, assigned), FIELD_NULLABLE, 0, 0, NULL},
    {"tags", &field_list, offsetof(struct change, tags), FIELD_OPTIONAL, 0, TAGS_MAX, NULL},
    {"addTags", &field_list, offsetof(struct change, add_tags), FIELD_OPTIONAL, 0, TAGS_MAX,
	NULL},
    {"removeTags", &field_list, offsetof(struct change, remove_tags), FIELD_OPTIONAL, 0,
	TAGS_MAX, NULL},
    {"snoozed", &field_object, offsetof(struct change, snoozed), FIELD_NULLABLE, 0, 0, NULL},
    {"read", &field_flag, offsetof(struct change, read), FIELD_OPTIONAL, 0, 1, NULL},
    {.name = NULL},
};

/* What a caller can set. */
static const char *const settable[] = {"open", "waiting", "resolved", NULL};

_Static_assert(TAGS_MAX == 32, "REASON_TAGS names it");

/* The request that waits; its body, for errors of the store. */
struct change_query {
	struct store_query q;
	struct fields in;
};

static void
changes_on_end(struct store_query *q)
{
	fields_clear(&((struct change_query *)q)->in);
}

static void
changes_refuse(struct change_query *q, const char *member, enum field_reason reason)
{
	fields_refuse(&q->in, member, reason);
	fields_refuse_query(&q->q, &q->in);
}

bool
change_asked_is_wrong(const struct fields *in, uint16_t type, const union msg *m,
    const char **member, enum field_reason *reason)
{
	if (store_refused(type, m, STORE_INVALID)) {
		*member = fields_has(in, "tags") ? "tags" : "addTags";
		*reason = REASON_TAGS;
		return true;
	}
	*member = "assignedTo";
	*reason = REASON_USER;
	return store_refused(type, m, STORE_CONFLICT);
}

static void
changes_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct change_query *q = arg;
	const char *member;
	enum field_reason reason;

	if (change_asked_is_wrong(&q->in, type, m, &member, &reason)) {
		changes_refuse(q, member, reason);
		return;
	}
	if (store_refused(type, m, STORE_LIMIT)) {
		changes_refuse(q, "addTags", REASON_TAGS_MANY);
		return;
	}
	if (type != MSG_CONVERSATION_PAGE) {
		store_query_fail(&q->q, type, m);
		return;
	}
	json_write_open(&q->q.json, NULL, '{');
	conversation_json_write_one(&q->q.json, &m->conversation_page);
	json_write_close(&q->q.json, '}');
	store_query_reply(&q->q);
}

/* Appends the ids of a list of tags, with spaces between; false: an item is no id. */
static bool
changes_read_tags(const struct json_t *list, struct buf *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct slice text = json_read_string(json_array_get(list, i));
		char id_text[ID_TEXT_LEN + 1];
		struct id id;

		if (text.p == NULL || id_parse(text, &id) == -1)
			return false;
		id_format(&id, id_text);
		if ((i > 0 && buf_append_str(out, " ") == -1) ||
		    buf_append_str(out, id_text) == -1)
			return false;
	}
	return true;
}

static unsigned
changes_named(const struct fields *in)
{
	static const struct {
		const char *member;
		enum conversation_change what;
	} members[] = {
	    {"state", INBOX_STATE},
	    {"assignedTo", INBOX_ASSIGNED},
	    {"tags", INBOX_TAGS},
	    {"addTags", INBOX_TAGS_DIFFER},
	    {"removeTags", INBOX_TAGS_DIFFER},
	    {"snoozed", INBOX_SNOOZED},
	    {"read", INBOX_READ},
	};
	unsigned what = 0;

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (fields_has(in, members[i].member))
			what |= members[i].what;
	return what;
}

static void
changes_read_list(
    struct fields *in, const char *member, const struct json_t *list, struct buf *out)
{
	if (list == NULL)
		return;
	if (strcmp(member, "tags") != 0 && fields_has(in, "tags"))
		fields_refuse(in, member, REASON_TAGS_OTHERWISE);
	else if (!changes_read_tags(list, out))
		fields_refuse(in, member, REASON_TAGS);
}

/* Reads {"until": a time or null}; NULL is the end of being snoozed. */
static void
changes_read_snoozed(struct fields *in, const struct json_t *snoozed, uint64_t *until)
{
	const struct json_t *at = json_object_get(snoozed, "until");
	const double now = (double)clock_wall_ms(), n = json_number_value(at);

	if (snoozed == NULL)
		return;
	if (json_object_size(snoozed) != 1 ||
	    (!json_is_null(at) && (!(n > now) || n > now + SNOOZE_MAX_MS)))
		fields_refuse(in, "snoozed", REASON_SNOOZED);
	else
		*until = json_is_null(at) ? SNOOZE_ANSWER : (uint64_t)n;
}

void
change_asked_read(struct change_asked *asked, struct fields *in)
{
	struct change change = {.read = 0};

	asked->ask = (struct msg_conversation_change){.what = 0};
	buf_init(&asked->tags, TAGS_MAX * (ID_TEXT_LEN + 1));
	buf_init(&asked->less_tags, TAGS_MAX * (ID_TEXT_LEN + 1));
	fields_read(in, change_fields, true, &change);
	if (change.state == STATE_PERSON)
		fields_refuse_for(in, "state",
		    &(struct field_refusal){.reason = REASON_CHOICE, .choices = settable});
	changes_read_list(in, "tags", change.tags, &asked->tags);
	changes_read_list(in, "addTags", change.add_tags, &asked->tags);
	changes_read_list(in, "removeTags", change.remove_tags, &asked->less_tags);
	changes_read_snoozed(in, change.snoozed, &asked->ask.snoozed_until);
	asked->ask.what = (uint8_t)changes_named(in);
	asked->ask.state = change.state;
	asked->ask.assigned = change.assigned;
	asked->ask.tags = buf_slice(&asked->tags);
	asked->ask.less_tags = buf_slice(&asked->less_tags);
	asked->ask.read = change.read;
}

void
change_asked_clear(struct change_asked *asked)
{
	buf_clear(&asked->tags);
	buf_clear(&asked->less_tags);
}

static void
changes_ask(const struct api_call *c, const struct id *id, struct fields *in)
{
	static const struct store_refusal refusals[] = {
	    {STORE_TAKEN, 409, "taken", "An operator has the conversation: hand it back first"},
	    {STORE_STALE, 409, "resolved",
		"The conversation is resolved: open it again, then snooze it"},
	    {.status = 0},
	};
	struct change_query *q =
	    store_query_new(c, sizeof(*q), ANSWER_MAX, conversation_id_missing);
	struct change_asked change;

	q->in = *in;
	q->q.on_end = changes_on_end;
	q->q.refusals = refusals;
	change_asked_read(&change, &q->in);
	if (q->in.n_wrong > 0) {
		fields_refuse_query(&q->q, &q->in);
	} else {
		change.ask.org = c->org;
		change.ask.conversation = *id;
		change.ask.reader = c->user;
		store_query_ask(&q->q, MSG_CONVERSATION_CHANGE, &change.ask, changes_on_stored);
	}
	change_asked_clear(&change);
}

void
handle_conversations_change(const struct api_call *c)
{
	struct id conversation;
	struct fields in;

	if (conversation_id_read(c, &conversation) && fields_body(c, &in))
		changes_ask(c, &conversation, &in);
}

/* POST /v1/admin/conversations/read: the caller has read all of them. */
void
handle_conversations_read(const struct api_call *c)
{
	const struct msg_read_all ask = {.org = c->org, .reader = c->user};

	store_query_ask(store_query_new(c, sizeof(struct store_query), 0, "Not found"),
	    MSG_READ_ALL, &ask, store_query_on_ok);
}

static const struct field follow_fields[] = {
    {"following", &field_flag, offsetof(struct msg_follow_set, following), FIELD_REQUIRED, 0, 1,
	NULL},
    {.name = NULL},
};

/* PUT /v1/admin/conversations/{id}/following: whether the caller hears of the visitor's messages. */
void
handle_conversations_follow(const struct api_call *c)
{
	struct msg_follow_set ask = {.org = c->org, .reader = c->user};
	struct fields in;

	if (!conversation_id_read(c, &ask.conversation) || !fields_body(c, &in))
		return;
	fields_read(&in, follow_fields, true, &ask);
	if (in.n_wrong > 0)
		fields_reply_wrong(c->api, c->x, &in);
	else
		store_query_ask(
		    store_query_new(c, sizeof(struct store_query), 0, conversation_id_missing),
		    MSG_FOLLOW_SET, &ask, store_query_on_ok);
	fields_clear(&in);
}
