/*
 * Distinct operators, in the order in which they are found.
 */
#include "storaged/conversations/people.h"

#include "proto/base/basics.h"
#include "storaged/engine/message_page.h"

/* A page has hardly more; each costs a lookup. So many of the longest pictures fit into PEOPLE_BYTES. */
#define PEOPLE_MAX 32u

struct people {
	struct txn *txn;
	const struct id *org;
	struct buf *out;
	size_t n;
	struct id known[PEOPLE_MAX];
};

int
people_find_picture(
    struct txn *t, const struct id *org, const struct id *user, struct slice *picture)
{
	struct key key = key_of_org(org, user);
	struct msg_user_record record;
	int rc = txn_get_record(t, TABLE_USERS, &key, &record);

	*picture = rc == 0 ? record.picture : (struct slice){0};
	return txn_survives(rc) ? 0 : rc;
}

/* Whether this operator is new and is to be looked up. */
static bool
people_note(struct people *p, const struct id *user)
{
	if (id_is_zero(user) || p->n == PEOPLE_MAX)
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (id_equal(&p->known[i], user))
			return false;
	p->known[p->n++] = *user;
	return true;
}

static int
people_add(struct people *p, const struct id *user)
{
	struct msg_person_picture person = {.user = *user};
	struct buf item;
	int rc;

	if (!people_note(p, user))
		return 0;
	rc = people_find_picture(p->txn, p->org, user, &person.picture);
	if (rc != 0 || person.picture.len == 0)
		return rc;
	buf_init(&item, PEOPLE_BYTES);
	must(record_encode(&item, MSG_PERSON_PICTURE, &person) == 0);
	must(wire_list_add(p->out, buf_slice(&item)) == 0);
	buf_clear(&item);
	return 0;
}

/* The author of an operator's message; a damaged record has none. */
static int
people_add_author(struct people *p, struct slice message)
{
	struct msg_message_details details;
	struct msg_message_record r;

	if (message_role_of(message) != MESSAGE_OPERATOR ||
	    record_decode(message, MSG_MESSAGE_RECORD, &r) != WIRE_OK || r.details.len == 0 ||
	    record_decode(r.details, MSG_MESSAGE_DETAILS, &details) != WIRE_OK)
		return 0;
	return people_add(p, &details.author);
}

int
people_list(struct txn *t, const struct msg_conversation_record *conversation,
    struct slice messages, struct buf *out)
{
	struct people p = {.txn = t, .org = &conversation->org, .out = out};
	struct slice list = messages, item;
	int rc = people_add(&p, &conversation->operator);

	while (rc == 0 && wire_list_next(&list, &item))
		rc = people_add_author(&p, item);
	return rc;
}
