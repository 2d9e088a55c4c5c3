/*
 * /v1/password-resets/:token: by the link of a mail, a user who has forgotten the password sets a new one (reset_ask.c).
 *
 *	limits → RESET_CHECK → password hasher → RESET_USE
 *
 * A password is hashed only for a link that is valid. Unknown tokens use up the source's attempts at links. The user signs
 * in with the new password: the link alone does not.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/accounts/accounts_handlers.h"
#include "workerd/api/accounts/password_query.h"
#include "workerd/api/accounts/sign_in.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/password_fields.h"
#include "workerd/api/guard/guard.h"

#define ANSWER_MAX 8192 /* bytes of JSON */

struct reset_query {
	struct sign_in in; /* of its limits; in.user is zero for a token without one */
	struct hash256 token;
	bool sets;
	struct fields body;
	struct slice password; /* borrowed from body */
	char hashed[PASSWORD_TEXT_SIZE];
};

static const struct field reset_fields[] = {
    {"password", &field_password_new, offsetof(struct reset_query, password), FIELD_REQUIRED, 0,
	0, NULL},
    {.name = NULL},
};

static void
reset_on_end(struct store_query *q)
{
	struct reset_query *r = (struct reset_query *)q;

	sign_in_on_end(q);
	fields_clear(&r->body);
}

static struct reset_query *
reset_query_new(const struct api_call *c)
{
	struct reset_query *r = sign_in_new(c, sizeof(*r), ANSWER_MAX);
	const struct slice token = c->match.captures[0];
	const size_t id_len = token.len < ID_TEXT_LEN ? token.len : ID_TEXT_LEN;

	r->in.q.on_end = reset_on_end;
	r->in.q.missing = "Link not found";
	r->token = secret_hash(token);
	if (id_parse((struct slice){token.p, id_len}, &r->in.user) != 0)
		r->in.user = (struct id){{0}};
	return r;
}

static void
reset_on_used(void *arg, uint16_t type, const union msg *m)
{
	struct reset_query *r = arg;
	struct store_query *q = &r->in.q;

	if (type != MSG_OK) {
		store_query_fail(q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "password_reset", L_UINT("conn", q->x->number),
	    L_ID("org", &r->in.org), L_ID("user", &r->in.user));
	json_write_open(&q->json, NULL, '{');
	json_write_bool(&q->json, "ok", true);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

static void
reset_on_hashed(void *arg, enum password_verdict verdict, const char *text)
{
	struct reset_query *r = arg;
	struct msg_reset_use use = {.org = r->in.org, .user = r->in.user, .token = r->token};

	(void)verdict;
	memcpy(r->hashed, text, strlen(text) + 1);
	use.password = slice_str(r->hashed);
	store_query_ask(&r->in.q, MSG_RESET_USE, &use, reset_on_used);
}

static void
reset_on_known(void *arg, uint16_t type, const union msg *m)
{
	struct reset_query *r = arg;
	struct store_query *q = &r->in.q;

	if (type != MSG_RESET) {
		r->in.failed = store_refused(type, m, STORE_NOT_FOUND);
		store_query_fail(q, type, m);
		return;
	}
	r->in.org = m->reset.org;
	if (r->sets) {
		password_query_hash(q, r->password, reset_on_hashed);
		return;
	}
	json_write_open(&q->json, NULL, '{');
	json_write_str(&q->json, "organization", m->reset.organization);
	json_write_str(&q->json, "email", m->reset.email);
	json_write_uint(&q->json, "expires_at", m->reset.expires_at);
	json_write_close(&q->json, '}');
	store_query_reply(q);
}

static void
reset_try(struct sign_in *s)
{
	struct reset_query *r = (struct reset_query *)s;
	const struct msg_reset_check ask = {.user = s->user, .token = r->token};
	struct api *api = s->q.api;

	if (login_limit_take_link(api, s->q.x, &s->attempt))
		store_query_ask(&s->q, MSG_RESET_CHECK, &ask, reset_on_known);
	else
		guard_login_refuse(api, store_query_done(&s->q));
}

void
handle_password_reset_get(const struct api_call *c)
{
	sign_in_begin(&reset_query_new(c)->in, reset_try);
}

void
handle_password_reset_use(const struct api_call *c)
{
	struct reset_query *r;
	struct fields body;

	if (!fields_body(c, &body))
		return;
	r = reset_query_new(c);
	r->sets = true;
	r->body = body;
	fields_read(&r->body, reset_fields, true, r);
	if (fields_wrong(&r->body).len > 0)
		fields_refuse_query(&r->in.q, &r->body);
	else
		sign_in_begin(&r->in, reset_try);
}
