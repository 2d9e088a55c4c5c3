/*
 * Shared by the tests of visitors: widgets, and visitors who open them.
 */
#ifndef TESTS_UNIT_STORAGED_STORE_VISITORS_H
#define TESTS_UNIT_STORAGED_STORE_VISITORS_H

#include "tests/unit/storaged/store_organization.h"

#include "storaged/records/widgets.h"
#include "storaged/visitors/visitors.h"

#define PUBLIC_ID "wid_0123456789abcdefghijkl"

/* A visitor, with what the store returned for it. */
struct guest {
	struct hash256 token;
	struct msg_visitor_record record;
	struct visitor_session session;
};

/* The stored widget; its slices are valid as long as the answer. */
static inline struct msg_widget_record
widget_record(struct fixture *f, const struct id *org, const struct id *widget)
{
	struct msg_record_get get = {.kind = MSG_WIDGET_RECORD, .org = *org, .id = *widget};
	struct msg_widget_record record;
	union msg m;

	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_WIDGET_RECORD, &record), WIRE_OK);
	return record;
}

/* Creates a widget of the default organization with this public id; returns its id. */
static inline struct id
make_widget(struct fixture *f, const char *public_id)
{
	struct msg_widget_record record =
	    widget_of(&id_default_org, &id_default_agent, public_id);

	put_widget(f, &record, true);
	return record.id;
}

/* Changes a widget of the default organization by the statements that follow. */
#define CHANGE_WIDGET(f, widget, ...)                                                   \
	do {                                                                            \
		struct msg_widget_record r = widget_record(f, &id_default_org, widget); \
		__VA_ARGS__;                                                            \
		put_widget(f, &r, false);                                               \
	} while (0)

/* Three ways in which a widget becomes unreachable for its visitors; a reset one has the public
 * id "wid_new". */
static inline void
disable_widget(struct fixture *f, const struct id *widget)
{
	CHANGE_WIDGET(f, widget, r.enabled = 0);
}

static inline void
reset_widget(struct fixture *f, const struct id *widget)
{
	struct msg_widget_reset reset = {
	    .org = id_default_org, .widget = *widget, .public_id = slice_str("wid_new")};

	ask(f, MSG_WIDGET_RESET, &reset, MSG_RECORD, NULL);
}

static inline void
delete_widget(struct fixture *f, const struct id *widget)
{
	struct msg_record_delete delete = {
	    .kind = MSG_WIDGET_RECORD, .org = id_default_org, .id = *widget};

	ask(f, MSG_RECORD_DELETE, &delete, MSG_OK, NULL);
}

/* A different token for each call. */
static inline struct hash256
fresh_token(void)
{
	static unsigned n;
	char text[16];

	snprintf(text, sizeof(text), "token%u", ++n);
	return secret_hash(slice_str(text));
}

static inline struct msg_visitor_open
open_of(const char *public_id, const struct hash256 *token)
{
	struct msg_visitor_open open = {
	    .public_id = slice_str(public_id),
	    .fresh_token = fresh_token(),
	    .fresh_id = id_new(),
	};

	if (token != NULL)
		open.token = *token;
	return open;
}

/* Opens the widget, and expects to resume or not. */
static inline struct guest
open_as(struct fixture *f, const struct msg_visitor_open *open, bool resumed)
{
	struct guest guest;
	union msg m;

	ask(f, MSG_VISITOR_OPEN, open, MSG_VISITOR_OPENED, &m);
	assert_int_equal(m.visitor_opened.resumed, resumed);
	assert_int_equal(
	    record_decode(m.visitor_opened.visitor, MSG_VISITOR_RECORD, &guest.record),
	    WIRE_OK);
	guest.token = guest.record.token;
	guest.session = visitor_session(&guest.record.id);
	return guest;
}

static inline struct guest
make_guest(struct fixture *f, const char *public_id)
{
	struct msg_visitor_open open = open_of(public_id, NULL);

	return open_as(f, &open, false);
}

/* The stored record of the visitor. */
static inline struct msg_visitor_record
stored_guest(struct fixture *f, const struct guest *guest)
{
	struct msg_visitor_record record;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(visitor_by_token(&t, &guest->token, &record), 0);
	txn_abort(&t);
	return record;
}

static inline bool
is_stored(struct fixture *f, const struct guest *guest)
{
	struct msg_visitor_record record;
	struct txn t;
	int rc;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	rc = visitor_by_token(&t, &guest->token, &record);
	assert_true(rc == 0 || rc == MDB_NOTFOUND);
	txn_abort(&t);
	return rc == 0;
}

/* A message of a visitor. It borrows the guest's session. */
static inline struct msg_turn_begin
guest_says(const struct guest *guest, const char *text)
{
	struct msg_turn_begin begin = begin_of(guest->session.s, text);

	begin.org = guest->record.org;
	begin.widget = guest->record.widget;
	begin.visitor = guest->token;
	return begin;
}

static inline struct msg_contact_submit
submit_of(const struct guest *guest, const char *name, const char *email, const char *phone)
{
	return (struct msg_contact_submit){
	    .token = guest->token,
	    .fresh_id = id_new(),
	    .name = slice_str(name),
	    .email = slice_str(email),
	    .phone = slice_str(phone),
	};
}

/* The contact of a submission. Its slices are valid as long as the answer. */
static inline struct msg_contact_record
submit(struct fixture *f, const struct msg_contact_submit *submit)
{
	struct msg_contact_record contact;
	union msg m;

	ask(f, MSG_CONTACT_SUBMIT, submit, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_CONTACT_RECORD, &contact), WIRE_OK);
	return contact;
}

#endif
