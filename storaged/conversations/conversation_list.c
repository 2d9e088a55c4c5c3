/*
 * MSG_CONVERSATION_LIST: walks the index that selects most, and looks at the records for all other conditions.
 */
#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/faces.h"
#include "storaged/conversations/reads.h"
#include "storaged/engine/totals.h"

/* Conversations that one list request may look at, about 2 µs each, so that no filter delays
 * other requests. */
#define LOOKS_MAX 2000u

/* A list under way. */
struct conversation_filter {
	const struct msg_conversation_list *m;
	enum table table;
	struct key front, start;
	uint32_t listed;
	uint8_t unread[CONVERSATIONS_MAX]; /* of the listed ones */
	bool full;                         /* the next one does not fit into the answer */
};

/* The label that the list is restricted to; zero: none. A tag selects more than a user, a user more than being
 * snoozed, and that more than a state. */
static struct id
conversation_list_label(const struct msg_conversation_list *m)
{
	if (!id_is_zero(&m->tag))
		return m->tag;
	if (!id_is_zero(&m->assigned))
		return m->assigned;
	if (m->snoozed == 1)
		return label_of_snoozed();
	for (enum conversation_state state = STATE_WAITING; state <= STATE_RESOLVED; state++)
		if (m->states == 1u << state)
			return label_of_state(state);
	return (struct id){{0}};
}

/* The table with the fewest other conversations, and *of, by which it lists them. */
static enum table
conversation_list_table(const struct msg_conversation_list *m, struct id *of)
{
	*of = m->contact;
	if (!id_is_zero(of))
		return TABLE_CONVERSATIONS_BY_CONTACT;
	*of = conversation_list_label(m);
	if (!id_is_zero(of))
		return TABLE_LABELS;
	*of = m->widget;
	return id_is_zero(of) ? TABLE_CONVERSATIONS_BY_ACTIVITY : TABLE_CONVERSATIONS_BY_WIDGET;
}

/* The cursor has its right length, or is empty. */
static struct conversation_filter
conversation_list_begin(const struct msg_conversation_list *m)
{
	struct conversation_filter l = {.m = m};
	struct id of;

	l.table = conversation_list_table(m, &of);
	if (l.table == TABLE_CONVERSATIONS_BY_ACTIVITY) {
		l.front = key_id(&m->org);
		l.start = m->cursor.len == 0 ? l.front : key_activity_at(&m->org, m->cursor);
	} else {
		l.front = key_of_org(&m->org, &of);
		l.start =
		    m->cursor.len == 0 ? l.front : key_activity_of_at(&m->org, &of, m->cursor);
	}
	return l;
}

static bool
conversation_list_is(const struct id *wanted, const struct id *is)
{
	return id_is_zero(wanted) || id_equal(wanted, is);
}

static bool
conversation_list_has_tag(const struct msg_conversation_record *r, const struct id *tag)
{
	struct slice tags = r->tags;
	struct id id;

	if (id_is_zero(tag))
		return true;
	while (labels_next_tag(&tags, &id))
		if (id_equal(&id, tag))
			return true;
	return false;
}

static bool
conversation_list_matches(
    const struct msg_conversation_list *m, const struct msg_conversation_record *r)
{
	return conversation_list_is(&m->widget, &r->widget) &&
	    conversation_list_is(&m->contact, &r->contact) &&
	    conversation_list_is(&m->assigned, &r->assigned) &&
	    (m->unassigned == 0 || id_is_zero(&r->assigned)) &&
	    (m->states == 0 || (m->states & 1u << r->state) != 0) &&
	    (m->snoozed == 0 || (m->snoozed == 1) == (r->snoozed_until != 0)) &&
	    (m->status == CONVERSATION_ANY || r->status == m->status) &&
	    conversation_list_has_tag(r, &m->tag);
}

/* Adds a conversation if it matches. A damaged one matches nothing. */
static int
conversation_list_look(struct txn *t, struct conversation_filter *l, struct slice record)
{
	struct msg_conversation_record r;
	bool unread = false;
	int rc = record_read(record, TABLE_CONVERSATIONS, &r);

	if (rc != 0 || !conversation_list_matches(l->m, &r))
		return 0;
	rc = read_is_unread(t, &r, &l->m->reader, &unread);
	if (rc != 0 || (l->m->unread != 0 && !unread))
		return rc;
	l->full = buf_len(&t->env->list) + sizeof(uint32_t) + record.len > LIST_MAX;
	if (l->full)
		return 0;
	must(wire_list_add(&t->env->list, record) == 0);
	l->unread[l->listed++] = unread;
	return face_list(t, &r);
}

/* Adds the current conversation if it matches; skips and logs an index entry without a
 * conversation. */
static int
conversation_list_add(struct walk *w, struct conversation_filter *l)
{
	struct txn *t = w->txn;
	struct id id = activity_conversation(w->key);
	struct key key = key_id(&id);
	struct slice record;
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, &record);

	if (rc == MDB_NOTFOUND) {
		log_event(LOG_ERROR, "index_dangling", L_STR("table", table_name(l->table)),
		    L_ID("conversation", &id));
		return 0;
	}
	return rc != 0 ? rc : conversation_list_look(t, l, record);
}

/* Goes to the first conversation of the page. A cursor names the last one of the previous page. */
static int
conversation_list_enter(struct walk *w, const struct conversation_filter *l)
{
	int rc;

	if (l->m->newer != 0)
		return walk_before(w, &l->start);
	rc = walk_from(w, &l->start);
	return rc == 0 && slice_eq(w->key, key_slice(&l->start)) ? walk_next(w) : rc;
}

static int
conversation_list_step(struct walk *w, const struct conversation_filter *l)
{
	return l->m->newer != 0 ? walk_previous(w) : walk_next(w);
}

/* Fills a page; *next is set if there is, or may be, more, and *first if there was anything. */
static int
conversation_list_gather(struct walk *w, struct conversation_filter *l, uint32_t limit,
    struct slice *first, struct slice *next)
{
	struct slice last = {0};
	uint32_t looks = 0;
	int rc;

	for (rc = conversation_list_enter(w, l); rc == 0; rc = conversation_list_step(w, l)) {
		if (l->listed == limit || looks == LOOKS_MAX) {
			*next = last;
			return 0;
		}
		rc = conversation_list_add(w, l);
		if (rc != 0)
			return rc;
		if (l->full) {
			*next = last;
			return 0;
		}
		last = activity_cursor(w->key);
		if (looks++ == 0)
			*first = last;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_conversation_list(struct txn *t, struct call *c)
{
	const struct msg_conversation_list *m = &c->m->conversation_list;
	struct msg_totals_record totals;
	struct slice first = {0}, next = {0};
	struct conversation_filter l;
	struct walk w;
	int rc;

	if (m->cursor.len != ACTIVITY_CURSOR_LEN && (m->cursor.len != 0 || m->newer != 0))
		return call_refuse(c, STORE_INVALID, "invalid cursor");
	rc = totals_get(t, &m->org, &totals);
	if (rc != 0)
		return rc;

	l = conversation_list_begin(m);
	buf_reset(&t->env->list);
	buf_reset(&t->env->faces);
	rc = walk_open(&w, t, l.table, &l.front);
	if (rc == 0)
		rc = conversation_list_gather(
		    &w, &l, call_limit(m->limit, CONVERSATIONS_MAX), &first, &next);
	if (rc == 0)
		call_answer(c, MSG_CONVERSATION_PAGE,
		    &(struct msg_conversation_page){
			.conversations = buf_slice(&t->env->list),
			.total = totals.conversations,
			.next = next,
			.unread = {l.unread, l.listed},
			.faces = buf_slice(&t->env->faces),
			.first = first,
		    });
	walk_close(&w);
	return rc;
}

int
conversation_answer_one(
    struct txn *t, struct call *c, const struct id *id, const struct id *reader)
{
	struct msg_conversation_record r;
	struct key key = key_id(id);
	struct slice record;
	bool unread = false;
	uint8_t byte;
	int rc = txn_get(t, TABLE_CONVERSATIONS, &key, &record);

	if (rc == 0)
		rc = record_read(record, TABLE_CONVERSATIONS, &r);
	if (rc == 0)
		rc = read_is_unread(t, &r, reader, &unread);
	if (rc != 0)
		return rc;
	byte = unread;
	buf_reset(&t->env->list);
	buf_reset(&t->env->faces);
	rc = face_list(t, &r);
	if (rc != 0)
		return rc;
	must(wire_list_add(&t->env->list, record) == 0);
	call_answer(c, MSG_CONVERSATION_PAGE,
	    &(struct msg_conversation_page){
		.conversations = buf_slice(&t->env->list),
		.total = 1,
		.unread = {&byte, 1},
		.faces = buf_slice(&t->env->faces),
	    });
	return 0;
}
