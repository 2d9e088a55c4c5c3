/*
 * What a handler can do with its request.
 */
#include "storaged/request/call.h"

#include "proto/ipc/room_id.h"

#include <errno.h>
#include <string.h>

#include "proto/base/basics.h"

void
call_answer(struct call *c, enum msg_type type, const void *answer)
{
	if (msg_encode(c->from->out, type, c->request, answer) == 0)
		return;
	/* Any other error means that the answer violates messages.def. */
	must(errno != EMSGSIZE);
	c->overflow = true;
}

void
call_answer_indexed(struct call *c, uint64_t seq, enum msg_type type, const void *answer)
{
	struct held held = {.client = c->from, .seq = seq};
	struct buf frame;

	/* A searchd whose first report is in this batch may have read the feed before this row. */
	if (c->live->index.searcher == NULL && !effects_has(c->effects, EFFECT_INDEXED)) {
		call_answer(c, type, answer);
		return;
	}
	buf_init(&frame, HELD_MAX);
	must(msg_encode(&frame, type, c->request, answer) == 0);
	held.len = buf_len(&frame);
	memcpy(held.frame, buf_data(&frame), held.len);
	buf_clear(&frame);
	effects_add_held(c->effects, &held);
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

enum store_error
call_write_refusal(const struct env *env)
{
	return env->writable      ? 0
	    : env->damage != NULL ? STORE_DAMAGED
	    : env->full           ? STORE_FULL
				  : STORE_READ_ONLY;
}

bool
call_may_write(const struct txn *t)
{
	return t->mode == TXN_WRITE;
}

int
call_check_read(struct call *c, uint64_t read_at, uint64_t stored_at)
{
	if (read_at == stored_at)
		return 0;
	return call_refuse(c, STORE_STALE, "the record was changed after it was read");
}

void
call_claim(struct call *c, const struct id *turn, const struct id *conversation)
{
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_CLAIM,
		.client = c->from,
		.turn = *turn,
		.conversation = *conversation,
	    });
}

void
call_restart(struct call *c, const struct id *turn, const struct id *conversation)
{
	effects_add(c->effects,
	    &(struct effect){
		.kind = EFFECT_RESTART,
		.client = c->from,
		.turn = *turn,
		.conversation = *conversation,
	    });
}

void
call_release(struct call *c, const struct id *turn)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_RELEASE, .turn = *turn});
}

void
call_erase(struct call *c, const struct id *turn)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_ERASE, .turn = *turn});
}

void
call_end_widget(struct call *c, const struct id *widget)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_WIDGET_END, .widget = *widget});
}

void
call_end_room(struct call *c, const struct id *room)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_ROOM_END, .room = *room});
}

/* Notes an effect on each of the two rooms of a conversation. */
static void
call_tell_rooms(
    struct call *c, enum effect_kind kind, const struct msg_conversation_record *conversation)
{
	struct effect e = {
	    .kind = kind, .room = conversation->id, .conversation = conversation->id};

	effects_add(c->effects, &e);
	e.room = room_id_of_session(
	    &conversation->org, &conversation->widget, conversation->session);
	effects_add(c->effects, &e);
}

void
call_conversation_changed(struct call *c, const struct msg_conversation_record *conversation)
{
	call_tell_rooms(c, EFFECT_ROOM_CHANGED, conversation);
}

void
call_end_conversation(struct call *c, const struct msg_conversation_record *conversation)
{
	call_tell_rooms(c, EFFECT_ROOM_END, conversation);
}

void
call_change_webhooks(struct call *c)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_WEBHOOKS});
}

void
call_change_text(struct call *c)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_EMBEDDING});
}

void
call_change_mail(struct call *c)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_MAIL});
}

void
call_change_media(struct call *c)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_MEDIA});
}

void
call_change_sources(struct call *c)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_SOURCES});
}

void
call_count_visit(struct call *c, uint8_t result)
{
	effects_add(c->effects, &(struct effect){.kind = EFFECT_VISIT, .result = result});
}

void
call_follow_sources(struct call *c)
{
	effects_add(
	    c->effects, &(struct effect){.kind = EFFECT_SOURCES_FOLLOW, .client = c->from});
}

void
call_follow_changes(struct call *c, uint64_t seq)
{
	effects_add(c->effects,
	    &(struct effect){.kind = EFFECT_CHANGES, .client = c->from, .change = seq});
}

uint32_t
call_limit(uint32_t asked, uint32_t most)
{
	return asked == 0 || asked > most ? most : asked;
}
