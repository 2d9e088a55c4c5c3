/*
 * /v1/invitations/:token: what the holder of an invitation's link sees, and how a user is made of it.
 *
 *	limits → INVITATION_CHECK → password hasher → INVITATION_ACCEPT → LOGIN_CREATE
 *
 * A password is hashed only for an open invitation. Attempts with unknown tokens count as wrong passwords.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/accounts/accounts_handlers.h"
#include "workerd/api/accounts/password_query.h"
#include "workerd/api/accounts/sign_in.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/fields/password_fields.h"
#include "workerd/api/guard/guard.h"

#define ANSWER_MAX 8192 /* bytes of JSON */
#define NAME_UNITS 100
#define RECORD_MAX 2048

struct invitation_query {
	struct sign_in in;
	struct hash256 token;
	/* Of an acceptance: */
	bool accepts;
	struct fields body;
	struct slice email, name, password; /* borrowed from body */
	char hashed[PASSWORD_TEXT_SIZE];
};

static const struct field join_fields[] = {
    {"email", &field_email, offsetof(struct invitation_query, email), FIELD_REQUIRED, 1, 254,
	NULL},
    {"name", &field_line, offsetof(struct invitation_query, name), FIELD_NULLABLE, 1,
	NAME_UNITS, NULL},
    {"password", &field_password_new, offsetof(struct invitation_query, password),
	FIELD_REQUIRED, 0, 0, NULL},
    {.name = NULL},
};

static const struct store_refusal refusals[] = {
    {STORE_EXISTS, 409, "email_taken", "Another user has this e-mail"},
    {STORE_LIMIT, 409, "limit_reached", "The organization has too many users"},
    {.status = 0},
};

static void
invitation_on_end(struct store_query *q)
{
	struct invitation_query *i = (struct invitation_query *)q;

	sign_in_on_end(q);
	fields_clear(&i->body);
}

/* The user was deleted before the session was stored. */
static void
invitation_refuse_session(struct sign_in *s)
{
	store_query_refuse(&s->q, 410, "invitation_used", "This invitation has been used");
}

static struct invitation_query *
invitation_query_new(const struct api_call *c)
{
	struct invitation_query *i = sign_in_new(c, sizeof(*i), ANSWER_MAX);

	i->in.q.on_end = invitation_on_end;
	i->in.q.missing = "Invitation not found";
	i->in.q.refusals = refusals;
	i->in.refuse = invitation_refuse_session;
	i->token = secret_hash(c->match.captures[0]);
	return i;
}

static void invitation_ask(struct invitation_query *i);

static void
invitation_on_accepted(void *arg, uint16_t type, const union msg *m)
{
	struct invitation_query *i = arg;
	struct sign_in *s = &i->in;

	if (store_refused(type, m, STORE_GONE)) {
		invitation_ask(i);
	} else if (store_refused(type, m, STORE_INVALID)) {
		fields_refuse(&i->body, "email", REASON_EMAIL_LONG);
		fields_refuse_query(&s->q, &i->body);
	} else if (type != MSG_OK) {
		store_query_fail(&s->q, type, m);
	} else {
		log_event(LOG_NOTICE, "invitation_accepted", L_UINT("conn", s->q.x->number),
		    L_ID("org", &s->org), L_ID("user", &s->user));
		sign_in_create(s);
	}
}

static void
invitation_on_hashed(void *arg, enum password_verdict verdict, const char *text)
{
	struct invitation_query *i = arg;
	struct msg_invitation_accept accept = {.token = i->token};
	struct msg_user_record user = {
	    .v = RECORD_VERSION,
	    .id = i->in.user,
	    .org = i->in.org,
	    .email = i->email,
	    .name = i->name,
	};
	struct buf record;

	(void)verdict;
	memcpy(i->hashed, text, strlen(text) + 1);
	user.password = slice_str(i->hashed);
	i->in.checked = secret_hash(user.password);
	buf_init(&record, RECORD_MAX);
	must(record_encode(&record, MSG_USER_RECORD, &user) == 0);
	accept.user = buf_slice(&record);
	store_query_ask(&i->in.q, MSG_INVITATION_ACCEPT, &accept, invitation_on_accepted);
	buf_clear(&record);
}

static void
invitation_write(struct json_writer *j, const struct msg_invitation *m,
    const struct msg_invitation_record *r)
{
	json_write_open(j, NULL, '{');
	json_write_str(j, "organization", m->organization);
	json_write_str(j, "role", names_word(user_role_words, r->role));
	if (r->email.len == 0)
		json_write_null(j, "email");
	else
		json_write_str(j, "email", r->email);
	json_write_uint(j, "expires_at", r->expires_at);
	json_write_close(j, '}');
}

static void
invitation_on_known(void *arg, uint16_t type, const union msg *m)
{
	struct invitation_query *i = arg;
	struct store_query *q = &i->in.q;
	struct msg_invitation_record r;

	if (type != MSG_INVITATION) {
		i->in.failed = store_refused(type, m, STORE_NOT_FOUND);
		store_query_fail(q, type, m);
		return;
	}
	must(record_decode(m->invitation.invitation, MSG_INVITATION_RECORD, &r) == WIRE_OK);
	i->in.org = r.org;
	if (m->invitation.state == INVITATION_USED) {
		store_query_refuse(q, 410, "invitation_used",
		    "This invitation has been used: sign in, or ask for another one");
	} else if (m->invitation.state == INVITATION_EXPIRED) {
		store_query_refuse(q, 410, "invitation_expired",
		    "This invitation has expired: ask for another one");
	} else if (i->accepts) {
		password_query_hash(q, i->password, invitation_on_hashed);
	} else {
		invitation_write(&q->json, &m->invitation, &r);
		store_query_reply(q);
	}
}

static void
invitation_ask(struct invitation_query *i)
{
	struct msg_invitation_check ask = {.token = i->token};

	store_query_ask(&i->in.q, MSG_INVITATION_CHECK, &ask, invitation_on_known);
}

static void
invitation_try(struct sign_in *s)
{
	struct api *api = s->q.api;

	if (login_limit_take_link(api, s->q.x, &s->attempt))
		invitation_ask((struct invitation_query *)s);
	else
		guard_login_refuse(api, store_query_done(&s->q));
}

void
handle_invitation_get(const struct api_call *c)
{
	sign_in_begin(&invitation_query_new(c)->in, invitation_try);
}

void
handle_invitation_join(const struct api_call *c)
{
	struct invitation_query *i;
	struct fields body;

	if (!fields_body(c, &body))
		return;
	i = invitation_query_new(c);
	i->accepts = true;
	i->body = body;
	i->in.user = id_new();
	fields_read(&i->body, join_fields, true, i);
	if (fields_wrong(&i->body).len > 0) {
		fields_refuse_query(&i->in.q, &i->body);
		return;
	}
	i->in.attempt.account = login_limit_account(i->email);
	sign_in_begin(&i->in, invitation_try);
}
