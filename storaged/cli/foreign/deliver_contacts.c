/*
 * Contacts, some at a time: first all are looked for, then the missing ones are sent. A contact with the e-mail or phone
 * of one that is there is that one.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/foreign/deliver.h"
#include "storaged/identities/contact_index.h"

#define BLOCK 256
/* UTF-16 units of a name, as in the admin API. */
#define NAME_UNITS 200

struct found_contact {
	struct msg_contact_record r; /* its texts are in text */
	struct buf text[3];
	bool is_there;
};

static void
deliver_contacts_fill(struct buf *to, struct slice text, size_t units)
{
	struct buf line;

	if (buf_len(to) > 0 || text.len == 0)
		return;
	buf_init(&line, 4 * units + 16);
	text = deliver_line(&line, text, units);
	must(buf_append(to, text.p, text.len) == 0);
	buf_clear(&line);
}

/* Why an e-mail or a phone cannot be stored is one of the misfits; it is left out. */
static void
deliver_contacts_check(struct delivery *d, struct found_contact *c)
{
	struct contact_keys keys;
	const struct slice none = {0};

	c->r.name = buf_slice(&c->text[ITEM_NAME]);
	c->r.email = buf_slice(&c->text[ITEM_EMAIL]);
	c->r.phone = buf_slice(&c->text[ITEM_PHONE]);
	if (c->r.email.len > 254 ||
	    contact_index_keys(&d->org, c->r.email, none, &keys) != NULL) {
		misfits_add(d->misfits, "e-mail addresses that are invalid", c->r.email);
		c->r.email = none;
	}
	if (c->r.phone.len > 64 ||
	    contact_index_keys(&d->org, none, c->r.phone, &keys) != NULL) {
		misfits_add(d->misfits, "phone numbers that are invalid", c->r.phone);
		c->r.phone = none;
	}
}

/* Reads the items of one contact: what one does not know, another may. */
static int
deliver_contacts_read(struct delivery *d, size_t from, size_t to, struct found_contact *c)
{
	struct item item;
	int status = 0;

	c->r = (struct msg_contact_record){.v = RECORD_VERSION, .org = d->org};
	for (size_t i = 0; i < ARRAY_LEN(c->text); i++)
		buf_reset(&c->text[i]);
	for (; from < to && status == 0; from++) {
		status = deliver_read(d, from, &item);
		if (status != 0)
			return status;
		c->r.id = item.group;
		deliver_contacts_fill(&c->text[ITEM_NAME], item.text[ITEM_NAME], NAME_UNITS);
		deliver_contacts_fill(&c->text[ITEM_EMAIL], item.text[ITEM_EMAIL], 1000);
		deliver_contacts_fill(&c->text[ITEM_PHONE], item.text[ITEM_PHONE], 1000);
		if (item.at != 0)
			c->r.created_at = item.at;
		if (item.updated > c->r.updated_at)
			c->r.updated_at = item.updated;
	}
	if (c->r.created_at == 0)
		c->r.created_at = c->r.updated_at != 0 ? c->r.updated_at : d->now;
	if (c->r.updated_at < c->r.created_at)
		c->r.updated_at = c->r.created_at;
	deliver_contacts_check(d, c);
	return 0;
}

static int
deliver_contacts_ask(struct delivery *d, const struct found_contact *c, uint64_t request)
{
	const struct msg_record_get get = {
	    .kind = MSG_CONTACT_RECORD, .org = d->org, .id = c->r.id};
	struct msg_record_list list = {.kind = MSG_CONTACT_RECORD, .org = d->org, .limit = 1};

	must(store_conn_send(&d->store, MSG_RECORD_GET, request, &get) == 0);
	list.email = c->r.email;
	list.phone = c->r.email.len == 0 ? c->r.phone : (struct slice){0};
	if (list.email.len + list.phone.len > 0)
		must(store_conn_send(&d->store, MSG_RECORD_LIST, request, &list) == 0);
	return 0;
}

/* Takes an answer to one of them. */
static int
deliver_contacts_take(struct delivery *d, struct found_contact *all, size_t n)
{
	struct msg_contact_record there;
	struct slice item;
	struct frame f;
	union msg m;
	int status = store_conn_receive(&d->store, &f, &m);
	struct found_contact *c;

	if (status != 0)
		return status;
	if (f.request == 0 || f.request > n)
		return console_fail(EX_PROTOCOL, "storaged sent an unexpected reply");
	c = &all[f.request - 1];
	if (f.type == MSG_RECORD) {
		c->is_there = true;
	} else if (f.type == MSG_RECORD_PAGE) {
		if (!c->is_there && wire_list_next(&m.record_page.records, &item) &&
		    record_decode(item, MSG_CONTACT_RECORD, &there) == WIRE_OK) {
			c->is_there = true;
			id_map_set(&d->contacts, &c->r.id, &there.id);
		}
	} else if (f.type != MSG_ERROR || m.error.code != STORE_NOT_FOUND) {
		return f.type == MSG_ERROR
		    ? store_conn_fail_refused(&m.error)
		    : console_fail(EX_PROTOCOL, "storaged sent an unexpected reply");
	}
	return 0;
}

/* The contact of this run that has this e-mail or phone; if there is none, it is this one from now on. */
static const struct id *
deliver_contacts_owner(
    struct delivery *d, const char *kind, const struct key *key, const struct id *contact)
{
	struct id hash = deliver_hash(d, kind, (struct slice){key->b, key->len});
	const struct id *owner;

	if (key->len == 0)
		return NULL;
	owner = id_map_get(&d->owners, &hash);
	if (owner == NULL)
		id_map_set(&d->owners, &hash, contact);
	return owner;
}

static int
deliver_contacts_send(struct delivery *d, struct found_contact *c)
{
	const struct id *owner, *by_phone;
	struct contact_keys keys;

	if (c->is_there) {
		d->there[DELIVER_CONTACT]++;
		return 0;
	}
	if (c->r.name.len + c->r.email.len + c->r.phone.len == 0) {
		misfits_add(
		    d->misfits, "contacts without a name, e-mail or phone", (struct slice){0});
		return 0;
	}
	must(contact_index_keys(&d->org, c->r.email, c->r.phone, &keys) == NULL);
	owner = deliver_contacts_owner(d, "e-mail", &keys.email, &c->r.id);
	if (owner != NULL) {
		id_map_set(&d->contacts, &c->r.id, owner);
		d->there[DELIVER_CONTACT]++;
		return 0;
	}
	by_phone = deliver_contacts_owner(d, "phone", &keys.phone, &c->r.id);
	if (by_phone != NULL && c->r.email.len > 0) {
		misfits_add(d->misfits, "phone numbers that another contact has", c->r.phone);
		c->r.phone = (struct slice){0};
	} else if (by_phone != NULL) {
		id_map_set(&d->contacts, &c->r.id, by_phone);
		d->there[DELIVER_CONTACT]++;
		return 0;
	}
	return deliver_send_record(d, DELIVER_CONTACT, MSG_CONTACT_RECORD, &c->r);
}

/* Looks for a block of contacts, and sends those that are missing. */
static int
deliver_contacts_block(struct delivery *d, struct found_contact *all, size_t n)
{
	size_t answers = 0;
	int status = deliver_settle(d);

	for (size_t i = 0; i < n && status == 0; i++) {
		all[i].is_there = false;
		status = deliver_contacts_ask(d, &all[i], i + 1);
		answers += all[i].r.email.len + all[i].r.phone.len > 0 ? 2 : 1;
	}
	for (; answers > 0 && status == 0; answers--)
		status = deliver_contacts_take(d, all, n);
	for (size_t i = 0; i < n && status == 0; i++)
		status = deliver_contacts_send(d, &all[i]);
	return status;
}

int
deliver_contacts(struct delivery *d, size_t from, size_t to)
{
	struct found_contact *all = xcalloc(BLOCK, sizeof(*all));
	size_t n = 0;
	int status = 0;

	for (size_t i = 0; i < BLOCK; i++)
		for (size_t j = 0; j < ARRAY_LEN(all->text); j++)
			buf_init(&all[i].text[j], 8192);
	while (from < to && status == 0) {
		size_t end = deliver_group_end(d, from, to);

		status = deliver_contacts_read(d, from, end, &all[n++]);
		from = end;
		if (status == 0 && (n == BLOCK || from == to)) {
			status = deliver_contacts_block(d, all, n);
			n = 0;
		}
		if (progress_due())
			progress_show("contacts: %zu of %zu", from, to);
	}
	if (status == 0)
		status = deliver_settle(d);
	for (size_t i = 0; i < BLOCK; i++)
		for (size_t j = 0; j < ARRAY_LEN(all->text); j++)
			buf_clear(&all[i].text[j]);
	free(all);
	return status;
}
