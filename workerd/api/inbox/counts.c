/*
 * GET /v1/admin/counts: how many conversations each view of the inbox has. Resolved and snoozed ones count only as such,
 * and in the total. And how many mentions of the caller are unread.
 */
#include "proto/base/basics.h"
#include "workerd/api/inbox/operator_handlers.h"
#include "workerd/api/request/store_query.h"

#define ANSWER_MAX (1024u * 1024)

struct counts_query {
	struct store_query q;
	struct id user;
};

struct counts {
	uint64_t states[STATE_RESOLVED + 1], snoozed, assigned, mine;
};

static void
counts_take(struct counts *n, const struct msg_label_count_record *r, const struct id *user)
{
	uint8_t state = r->label.b[sizeof(r->label.b) - 1];

	if (r->kind == LABEL_STATE && state <= STATE_RESOLVED)
		n->states[state] = r->conversations;
	else if (r->kind == LABEL_SNOOZED)
		n->snoozed = r->conversations;
	else if (r->kind == LABEL_ASSIGNED)
		n->assigned = r->conversations;
	else if (r->kind == LABEL_USER && id_equal(&r->label, user))
		n->mine = r->conversations;
}

/* Writes the counts of one kind by their ids. */
static void
counts_write_kind(
    struct json_writer *j, const char *key, struct slice list, enum label_kind kind)
{
	struct msg_label_count_record r;
	char text[ID_TEXT_LEN + 1];
	struct slice item;

	json_write_open(j, key, '{');
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_LABEL_COUNT_RECORD, &r) == WIRE_OK);
		if (r.kind != kind)
			continue;
		id_format(&r.label, text);
		json_write_uint(j, text, r.conversations);
	}
	json_write_close(j, '}');
}

static void
counts_write(struct json_writer *j, const struct msg_label_counts *m, const struct id *user)
{
	struct slice list = m->counts, item;
	struct msg_label_count_record r;
	struct counts n = {0};
	uint64_t pending;

	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_LABEL_COUNT_RECORD, &r) == WIRE_OK);
		counts_take(&n, &r, user);
	}
	pending = m->total - n.states[STATE_RESOLVED] - n.snoozed;
	json_write_open(j, NULL, '{');
	json_write_uint(j, "all", m->total);
	json_write_uint(j, "open", pending - n.states[STATE_WAITING] - n.states[STATE_PERSON]);
	json_write_uint(j, "waiting", n.states[STATE_WAITING]);
	json_write_uint(j, "person", n.states[STATE_PERSON]);
	json_write_uint(j, "resolved", n.states[STATE_RESOLVED]);
	json_write_uint(j, "snoozed", n.snoozed);
	json_write_uint(j, "mine", n.mine);
	json_write_uint(j, "unassigned", pending - n.assigned);
	json_write_uint(j, "mentions", m->mentions);
	counts_write_kind(j, "users", m->counts, LABEL_USER);
	counts_write_kind(j, "widgets", m->counts, LABEL_WIDGET);
	counts_write_kind(j, "tags", m->counts, LABEL_TAG);
	json_write_close(j, '}');
}

static void
counts_on_list(void *arg, uint16_t type, const union msg *m)
{
	struct counts_query *q = arg;

	if (type != MSG_LABEL_COUNTS) {
		store_query_fail(&q->q, type, m);
		return;
	}
	counts_write(&q->q.json, &m->label_counts, &q->user);
	store_query_reply(&q->q);
}

void
handle_counts_get(const struct api_call *c)
{
	struct counts_query *q = store_query_new(c, sizeof(*q), ANSWER_MAX, "Not found");
	struct msg_label_count_list ask = {.org = c->org, .user = c->user};

	q->user = c->user;
	store_query_ask(&q->q, MSG_LABEL_COUNT_LIST, &ask, counts_on_list);
}
