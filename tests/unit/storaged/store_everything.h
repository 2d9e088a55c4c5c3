/*
 * One record of every kind that organizations have, and a conversation by a key: for tests of the
 * whole store.
 */
#ifndef TESTS_UNIT_STORAGED_STORE_EVERYTHING_H
#define TESTS_UNIT_STORAGED_STORE_EVERYTHING_H

#include "tests/unit/storaged/store_fixture.h"

#include "storaged/visitors/visitors.h"

/* An encoded record for a request's field. Valid until the next call. */
static inline struct slice
encoded(enum msg_type type, const void *record)
{
	static struct buf b;

	if (b.max == 0)
		buf_init(&b, RECORD_MAX);
	buf_reset(&b);
	assert_int_equal(record_encode(&b, type, record), 0);
	return buf_slice(&b);
}

static inline void
create_record(struct fixture *f, enum msg_type kind, const void *record)
{
	const struct msg_record_put m = {
	    .kind = (uint16_t)kind, .fresh = true, .record = encoded(kind, record)};

	ask(f, MSG_RECORD_PUT, &m, MSG_RECORD, NULL);
}

/* A user with a login, and a key. */
static inline void
make_credentials(struct fixture *f)
{
	const struct msg_user_record user = {
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = id_default_org,
	    .email = slice_str("Owner@example.com"),
	    .name = slice_str("Somebody"),
	    .role = USER_OWNER,
	    .password = slice_str("$scrypt$one"),
	};
	const struct msg_login_create login = {
	    .org = id_default_org,
	    .id = id_new(),
	    .user = user.id,
	    .token = secret_hash(slice_str("the token of a user")),
	    .expires_at = clock_wall_ms() + 1000000,
	    .address = slice_str("192.0.2.7"),
	    .program = slice_str("Firefox on Linux"),
	};
	const struct msg_key_record key = {
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = id_default_org,
	    .key = secret_hash(slice_str("the key of a shop")),
	    .kind = KEY_ADMIN,
	    .name = slice_str("shop"),
	    .hint = slice_str("shop"),
	};
	const struct msg_key_create create = {.key = encoded(MSG_KEY_RECORD, &key)};

	ask(f, MSG_KEY_CREATE, &create, MSG_OK, NULL);
	create_record(f, MSG_USER_RECORD, &user);
	ask(f, MSG_LOGIN_CREATE, &login, MSG_OK, NULL);
}

/* A widget with an agent. */
static inline struct id
make_widget(struct fixture *f)
{
	const struct msg_agent_record agent = {
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = id_default_org,
	    .name = slice_str("Second"),
	    .purpose = slice_str("Help."),
	    .enabled = true,
	};
	const struct msg_widget_record widget = {
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = id_default_org,
	    .agent = agent.id,
	    .public_id = slice_str("wid_everything"),
	    .primary_color = slice_str("#6366f1"),
	    .text_color = slice_str("#ffffff"),
	    .origins = slice_str("https://example.com https://example.org:444"),
	    .daily_cap = 100,
	    .enabled = true,
	};

	create_record(f, MSG_AGENT_RECORD, &agent);
	create_record(f, MSG_WIDGET_RECORD, &widget);
	return widget.id;
}

/* A visitor opens the widget, writes, and submits a contact. Its reply is complete. */
static inline void
make_visitor(struct fixture *f, const struct id *widget)
{
	const struct msg_visitor_open open = {
	    .public_id = slice_str("wid_everything"),
	    .fresh_token = secret_hash(slice_str("the token of a visitor")),
	    .fresh_id = id_new(),
	};
	const struct msg_contact_submit submit = {
	    .token = open.fresh_token,
	    .fresh_id = id_new(),
	    .name = slice_str("Zoe"),
	    .email = slice_str("Zoe@example.com"),
	    .phone = slice_str("+49 30 1234"),
	};
	const struct visitor_session session = visitor_session(&open.fresh_id);
	struct msg_turn_begin begin = begin_of(session.s, "question");
	struct msg_turn_finish finish = finish_of(&begin.turn, "answer");

	begin.widget = *widget;
	begin.visitor = open.fresh_token;
	ask(f, MSG_VISITOR_OPEN, &open, MSG_VISITOR_OPENED, NULL);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_CONTACT_SUBMIT, &submit, MSG_RECORD, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
}

static inline void
make_everything(struct fixture *f)
{
	struct id widget;

	make_org(f);
	make_credentials(f);
	widget = make_widget(f);
	make_visitor(f, &widget);
}

#endif
