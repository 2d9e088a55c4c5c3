/*
 * What a handler can do with its request.
 */
#include "storaged/call.h"

#include <errno.h>

#include "proto/basics.h"

void
call_answer(struct call *c, enum msg_type type, const void *answer)
{
	if (msg_encode(c->out, type, c->request, answer) == 0)
		return;
	/* Anything else would be an answer that messages.def does not allow. */
	must(errno != EMSGSIZE);
	c->overflow = true;
}

void
call_ok(struct call *c)
{
	call_answer(c, MSG_OK, &(struct msg_ok){});
}

int
call_refuse(struct call *c, enum store_error code, const char *detail)
{
	c->refused = code;
	c->detail = detail;
	return CALL_REFUSED;
}

static void
add_effect(struct effects *effects, struct effect effect)
{
	if (effects->n == effects->cap) {
		effects->cap = effects->cap == 0 ? 64 : 2 * effects->cap;
		effects->of = xreallocarray(effects->of, effects->cap, sizeof(*effects->of));
	}
	effects->of[effects->n++] = effect;
}

void
call_claim(struct call *c, const struct id *turn)
{
	add_effect(c->effects, (struct effect){c->turns, *turn});
}

void
call_release(struct call *c, const struct id *turn)
{
	add_effect(c->effects, (struct effect){NULL, *turn});
}

uint32_t
call_limit(uint32_t asked, uint32_t most)
{
	return asked == 0 || asked > most ? most : asked;
}
