/*
 * The requests about records: finds the kind and calls its functions.
 */
#include "storaged/records/record_requests.h"

#include "proto/base/basics.h"
#include "storaged/records/agents.h"
#include "storaged/records/contacts.h"
#include "storaged/records/invitations.h"
#include "storaged/records/record_kinds.h"
#include "storaged/records/tags.h"
#include "storaged/records/users.h"
#include "storaged/records/widgets.h"

static const struct record_kind *const kinds[] = {
    &agent_kind,
    &widget_kind,
    &contact_kind,
    &user_kind,
    &webhook_kind,
    &tag_kind,
    &snippet_kind,
    &block_kind,
    &invitation_kind,
    &source_kind,
    &answer_kind,
    &gap_kind,
    &team_kind,
    &tool_kind,
};

static const char no_such_kind[] = "there are no records of this kind";

const struct record_kind *
record_kind_of(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (table_record(kinds[i]->table) == type)
			return kinds[i];
	return NULL;
}

int
handle_record_list(struct txn *t, struct call *c)
{
	const struct msg_record_list *m = &c->m->record_list;
	const struct record_kind *kind = record_kind_of(m->kind);
	struct listing l;

	if (kind == NULL)
		return call_refuse(c, STORE_INVALID, no_such_kind);
	if (m->email.len > 0 || m->phone.len > 0 || m->search.len > 0) {
		if (kind->list_matching == NULL)
			return call_refuse(c, STORE_INVALID,
			    "only contacts can be filtered by e-mail, phone or text");
		return kind->list_matching(t, c);
	}
	l = kind->newest_first ? listing_of_newest(kind->table, &m->org, &m->cursor, m->limit)
			       : listing_of(kind->table, &m->org, &m->cursor, m->limit);
	l.item = kind->item;
	return listing_answer(t, c, &l, MSG_RECORD_PAGE);
}

int
handle_record_get(struct txn *t, struct call *c)
{
	const struct msg_record_get *m = &c->m->record_get;
	const struct record_kind *kind = record_kind_of(m->kind);
	struct key key = key_of_org(&m->org, &m->id);
	int rc = 0;

	if (kind == NULL)
		return call_refuse(c, STORE_INVALID, no_such_kind);
	if (id_is_zero(&m->id))
		rc = kind->find != NULL ? kind->find(t, m->name, &key) : MDB_NOTFOUND;
	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, kind->missing);
	return rc != 0 ? rc : record_answer(t, c, kind, &key);
}

int
handle_record_put(struct txn *t, struct call *c)
{
	const struct record_kind *kind = record_kind_of(c->m->record_put.kind);

	return kind == NULL ? call_refuse(c, STORE_INVALID, no_such_kind)
			    : record_put(t, c, kind);
}

int
handle_record_delete(struct txn *t, struct call *c)
{
	const struct record_kind *kind = record_kind_of(c->m->record_delete.kind);

	return kind == NULL ? call_refuse(c, STORE_INVALID, no_such_kind)
			    : record_delete(t, c, kind);
}
