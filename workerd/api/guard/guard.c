/*
 * The table of guards, and the one place that walks it.
 */
#include "workerd/api/guard/guard.h"

#include "proto/base/basics.h"

#define STEPS_MAX 5

static guard_step_fn *const guards[][STEPS_MAX] = {
    [GUARD_PUBLIC] = {guard_origin},
    [GUARD_CHAT] = {guard_origin, guard_chat_rate, guard_chat_key},
    [GUARD_CHAT_READ] = {guard_origin, guard_chat_read_rate, guard_chat_key},
    [GUARD_ADMIN] = {guard_origin, guard_admin_key, guard_has_session, guard_own_changes,
	guard_admin_session},
    [GUARD_METRICS] = {guard_origin, guard_local, guard_scrape_key},
    [GUARD_PAGE] = {guard_origin, guard_page_session},
    [GUARD_LOGIN] = {guard_origin, guard_no_session},
    [GUARD_SIGN_IN] = {guard_origin, guard_own_page, guard_login_rate},
    [GUARD_SIGN_OUT] = {guard_origin, guard_own_page},
    [GUARD_WIDGET] = {guard_widget_rate, guard_widget},
    [GUARD_WIDGET_SOCKET] = {guard_widget_rate, guard_upgrade, guard_socket_place,
	guard_widget},
    [GUARD_WIDGET_OPTIONS] = {NULL},
};

static void
take_steps(struct api_call *c)
{
	guard_step_fn *const *steps = guards[c->route->guard];

	while (c->step < STEPS_MAX && steps[c->step] != NULL) {
		switch (steps[c->step++](c)) {
		case GUARD_NEXT:
			break;
		case GUARD_GRANTED:
			c->route->handler(c);
			return;
		case GUARD_REFUSED:
		case GUARD_WAITING:
			return;
		}
	}
	c->route->handler(c);
}

void
guard_pass(const struct api_call *c)
{
	struct api_call own = *c;

	own.step = 0;
	take_steps(&own);
}

void
guard_resume(const struct api_call *c, enum guard_verdict found)
{
	struct api_call own = *c;

	must(found != GUARD_WAITING);
	if (found == GUARD_GRANTED)
		own.route->handler(&own);
	else if (found == GUARD_NEXT)
		take_steps(&own);
}
