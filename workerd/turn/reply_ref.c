/*
 * References: the session's text behind the rest, in one piece of memory.
 */
#include "workerd/turn/reply_ref.h"

#include <string.h>

#include "proto/base/basics.h"

struct reference *
reference_new(const struct turn_reference *from)
{
	struct reference *r = xcalloc(1, sizeof(*r) + from->session.len);

	r->org = from->org;
	r->widget = from->widget;
	r->message = from->message;
	r->session_len = from->session.len;
	memcpy(r->session, from->session.p, from->session.len);
	return r;
}

struct reference *
reference_copy(const struct reference *r)
{
	return reference_new(&(struct turn_reference){
	    .org = r->org,
	    .widget = r->widget,
	    .session = {r->session, r->session_len},
	    .message = r->message,
	});
}

struct msg_turn_join
reference_join(const struct reference *r, size_t from)
{
	return (struct msg_turn_join){
	    .org = r->org,
	    .widget = r->widget,
	    .session = {r->session, r->session_len},
	    .turn = r->message,
	    .from = (uint32_t)from,
	};
}
