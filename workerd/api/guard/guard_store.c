/*
 * Steps that wait for the store's word: a call is kept aside until the answer is there, and goes on
 * with it.
 */
#include "workerd/api/guard/guard.h"

#include <stdlib.h>

#include "proto/base/basics.h"

struct asking {
	struct api_call call;
	struct store_call *store;
	guard_found_fn *found;
};

static void
on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct asking *asking = arg;
	struct api_call c = asking->call;
	guard_found_fn *found = asking->found;
	bool is_known = type != 0 && type != MSG_ERROR;

	free(asking);
	c.x->on_close = NULL;
	c.x->data = NULL;
	if (is_known || store_refused(type, m, STORE_NOT_FOUND))
		guard_resume(&c, found(&c, is_known ? m : NULL));
	else
		api_reply_store_failure(c.x, type, m);
}

static void
on_client_gone(struct http_exchange *x)
{
	struct asking *asking = x->data;

	store_call_forget(asking->store);
	free(asking);
}

enum guard_verdict
guard_ask(struct api_call *c, enum msg_type type, const void *msg, guard_found_fn *found)
{
	struct asking *asking = xcalloc(1, sizeof(*asking));

	*asking = (struct asking){.call = *c, .found = found};
	asking->store =
	    store_call(c->api->store, type, msg, STORE_TIMEOUT_MS, on_answer, asking);
	if (asking->store == NULL) {
		free(asking);
		api_reply_store_failure(c->x, 0, NULL);
		return GUARD_REFUSED;
	}
	c->x->data = asking;
	c->x->on_close = on_client_gone;
	return GUARD_WAITING;
}
