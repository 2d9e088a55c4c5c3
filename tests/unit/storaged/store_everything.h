/*
 * One record of every kind that organizations have, and a conversation by a key: for tests of the
 * whole store.
 */
#ifndef TESTS_UNIT_STORAGED_STORE_EVERYTHING_H
#define TESTS_UNIT_STORAGED_STORE_EVERYTHING_H

#include "tests/unit/storaged/store_organization.h"

#include "storaged/visitors/visitors.h"

/* In the default organization, unless stated otherwise. */
struct everything {
	struct id org, org_agent, org_widget; /* another organization */
	struct id user, login, key, agent, widget, visitor, contact;
	struct id conversation; /* the visitor's, with the contact; its reply is complete */
	struct hash256 login_token, key_hash, visitor_token;
};

static inline void
make_login_of(struct fixture *f, struct everything *e)
{
	const struct msg_login_create m = {
	    .org = id_default_org,
	    .id = e->login = id_new(),
	    .user = e->user,
	    .token = e->login_token = secret_hash(slice_str("the token of a user")),
	    .expires_at = clock_wall_ms() + 1000000,
	    .address = slice_str("192.0.2.7"),
	    .program = slice_str("Firefox on Linux"),
	};

	ask(f, MSG_LOGIN_CREATE, &m, MSG_OK, NULL);
}

static inline void
make_key(struct fixture *f, struct everything *e)
{
	const struct msg_key_record r = {
	    .v = RECORD_VERSION,
	    .id = e->key = id_new(),
	    .org = id_default_org,
	    .key = e->key_hash = secret_hash(slice_str("the key of a shop")),
	    .kind = KEY_ADMIN,
	    .name = slice_str("shop"),
	    .hint = slice_str("shop"),
	};
	const struct msg_key_create m = {.key = encoded(MSG_KEY_RECORD, &r)};

	ask(f, MSG_KEY_CREATE, &m, MSG_OK, NULL);
}

/* A visitor opens the widget, writes, and submits a contact. */
static inline void
make_visitor(struct fixture *f, struct everything *e)
{
	const struct msg_visitor_open open = {
	    .public_id = slice_str("wid_everything"),
	    .fresh_token = e->visitor_token = secret_hash(slice_str("the token of a visitor")),
	    .fresh_id = e->visitor = id_new(),
	};
	const struct msg_contact_submit submit = {
	    .token = e->visitor_token,
	    .fresh_id = e->contact = id_new(),
	    .name = slice_str("Zoe"),
	    .email = slice_str("Zoe@example.com"),
	    .phone = slice_str("+49 30 1234"),
	};
	const struct visitor_session session = visitor_session(&e->visitor);
	struct msg_turn_begin begin = begin_of(session.s, "question");
	struct msg_turn_finish finish = finish_of(&begin.turn, "answer");

	begin.widget = e->widget;
	begin.visitor = e->visitor_token;
	e->conversation = begin.conversation;
	ask(f, MSG_VISITOR_OPEN, &open, MSG_VISITOR_OPENED, NULL);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_CONTACT_SUBMIT, &submit, MSG_RECORD, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
}

static inline struct everything
make_everything(struct fixture *f)
{
	struct everything e = {.org = {{0}}};
	struct msg_org_create org = make_other_org(f);
	struct msg_user_record user = user_of(&id_default_org, "Owner@example.com");
	struct msg_agent_record agent = agent_of(&id_default_org, "Second");
	struct msg_widget_record widget =
	    widget_of(&id_default_org, &agent.id, "wid_everything");

	e.org = org.org;
	e.org_agent = org.agent;
	e.org_widget = org.widget;
	e.user = user.id;
	e.agent = agent.id;
	e.widget = widget.id;
	widget.origins = slice_str("https://example.com https://example.org:444");
	widget.daily_cap = 100;
	make_user(f, &user);
	make_login_of(f, &e);
	make_key(f, &e);
	put_agent(f, &agent, true);
	put_widget(f, &widget, true);
	make_visitor(f, &e);
	return e;
}

#endif
