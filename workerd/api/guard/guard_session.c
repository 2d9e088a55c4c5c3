/*
 * Sessions of the dashboard (session.h), looked up in the store.
 */
#include "workerd/api/guard/guard.h"

#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "workerd/api/guard/rights.h"
#include "workerd/api/guard/session.h"
#include "workerd/http/message/percent.h"

/* Whether there is a valid session; sets the caller. The form of the token must match the kind of the
 * session: otherwise a session by DASHBOARD_PASSWORD could outlive that password. */
static bool
guard_session_set_caller(struct api_call *c, const union msg *m)
{
	struct msg_login_record login;
	struct msg_user_record user;

	if (m == NULL)
		return false;
	must(record_decode(m->login.login, MSG_LOGIN_RECORD, &login) == WIRE_OK);
	if (id_is_zero(&login.user) != session_is_shared(c->session))
		return false;
	c->org = login.org;
	c->login = login.id;
	if (id_is_zero(&login.user))
		return true;
	must(record_decode(m->login.user, MSG_USER_RECORD, &user) == WIRE_OK);
	c->user = user.id;
	c->user_name = user.name.len > 0 ? user.name : user.email;
	c->role = user.role;
	c->granted = m->login.member_rights;
	return true;
}

/* Looks up the session of the next cookie; found gets NULL if there is none. */
static enum guard_verdict
guard_session_check_next(struct api_call *c, guard_found_fn *found)
{
	bool secure = api_has_secure_cookies(c->api, c->x);
	struct msg_login_check ask;

	c->session = session_token(c->x->req, secure, c->session_cookie++);
	if (c->session.len == 0)
		return found(c, NULL);
	ask.token = session_hash(c->api->settings, c->session);
	return guard_ask(c, MSG_LOGIN_CHECK, &ask, found);
}

static enum guard_verdict
guard_session_check(struct api_call *c, guard_found_fn *found)
{
	c->session_cookie = 0;
	return guard_session_check_next(c, found);
}

static enum guard_verdict
guard_session_found_for_admin(struct api_call *c, const union msg *m)
{
	if (guard_session_set_caller(c, m))
		return GUARD_NEXT;
	if (c->session.len > 0)
		return guard_session_check_next(c, guard_session_found_for_admin);
	reply_json_error(c->x, 401, "unauthorized", "Unauthorized");
	return GUARD_REFUSED;
}

enum guard_verdict
guard_right(struct api_call *c)
{
	if (rights_has(c, c->route->right))
		return GUARD_NEXT;
	reply_json_error(c->x, 403, "owners_only",
	    c->route->right == RIGHT_DELETE
		? "Only an owner may do this, until an owner grants members the right to delete"
		: "Only an owner may do this");
	return GUARD_REFUSED;
}

enum guard_verdict
guard_has_session(struct api_call *c)
{
	bool secure = api_has_secure_cookies(c->api, c->x);

	return session_token(c->x->req, secure, 0).len > 0 ? GUARD_NEXT : guard_refuse_admin(c);
}

enum guard_verdict
guard_admin_session(struct api_call *c)
{
	return guard_session_check(c, guard_session_found_for_admin);
}

static enum guard_verdict
guard_session_redirect(struct http_exchange *x, const char *path)
{
	reply_start(x, 303);
	reply_header_str(x, "Location", path);
	reply_header_str(x, "Cache-Control", "no-store");
	reply_empty(x);
	return GUARD_REFUSED;
}

#define PAGE_MAX 512 /* bytes of a page's path and query */

/* Redirects to /login, with the requested page and its query as `next`. Nothing is added for the first page, and
 * for one that is too long. */
static enum guard_verdict
guard_session_redirect_to_login(struct api_call *c)
{
	static const char login[] = "/login?next=";
	const struct http_request *req = c->x->req;
	char page[PAGE_MAX], to[sizeof(login) + 3 * PAGE_MAX];
	int n = snprintf(page, sizeof(page), "%.*s%s%.*s", (int)req->path.len,
	    (const char *)req->path.p, req->query.len > 0 ? "?" : "", (int)req->query.len,
	    req->query.len > 0 ? (const char *)req->query.p : "");

	strlcpy(to, login, sizeof(to));
	if (n >= PAGE_MAX || strcmp(page, "/") == 0 ||
	    !percent_encode(slice_str(page), to + strlen(login), sizeof(to) - strlen(login)))
		return guard_session_redirect(c->x, "/login");
	return guard_session_redirect(c->x, to);
}

static enum guard_verdict
guard_session_found_for_page(struct api_call *c, const union msg *m)
{
	if (guard_session_set_caller(c, m))
		return GUARD_GRANTED;
	return c->session.len > 0 ? guard_session_check_next(c, guard_session_found_for_page)
				  : guard_session_redirect_to_login(c);
}

static enum guard_verdict
guard_session_found_for_login(struct api_call *c, const union msg *m)
{
	if (guard_session_set_caller(c, m))
		return guard_session_redirect(c->x, "/");
	return c->session.len > 0 ? guard_session_check_next(c, guard_session_found_for_login)
				  : GUARD_GRANTED;
}

enum guard_verdict
guard_page_session(struct api_call *c)
{
	return guard_session_check(c, guard_session_found_for_page);
}

enum guard_verdict
guard_no_session(struct api_call *c)
{
	return guard_session_check(c, guard_session_found_for_login);
}
