#include "workerd/turn/reply_ref.h"

#include <string.h>

#include "proto/base/basics.h"

struct reply_ref *
reply_ref_copy(const struct reply_ref *ref)
{
	struct reply_ref *copy = xcalloc(1, sizeof(*copy) + ref->session.len);
	uint8_t *session = (uint8_t *)(copy + 1);

	*copy = *ref;
	must(slice_copy(ref->session, session, ref->session.len));
	copy->session.p = session;
	return copy;
}

struct msg_turn_join
reply_ref_join(const struct reply_ref *ref, size_t have)
{
	return (struct msg_turn_join){
	    .org = ref->org,
	    .widget = ref->widget,
	    .session = ref->session,
	    .turn = ref->message,
	    .from = (uint32_t)have,
	    .conversation = ref->conversation,
	};
}
