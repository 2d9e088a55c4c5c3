/*
 * GET /api/widget/{widgetId}/ws: a visitor's WebSocket, from the upgrade to its end.
 */
#include "workerd/api/widget/widget_socket.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/guard/guard.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/widget/widget_handlers.h"

/* 131 bits. */
#define TOKEN_TEXT 22

/* Frames in a row that are good for nothing, after which the connection is closed. */
#define REFUSED_MAX 20

/* The visitor's token is good for nothing any more. */
#define WS_OVER ((enum ws_code)4404)

struct widget_sockets {
	struct widget_rooms *rooms;
	LIST_HEAD(, widget_socket) closing; /* ended connections that wait for the store */
};

/* A request that waits for its visitor. */
struct opening {
	struct store_query q;
	char fresh[TOKEN_TEXT + 1], given[TOKEN_TEXT + 1];
	struct hash256 fresh_hash, given_hash;
	bool streams;
};

struct slice
socket_session(const struct widget_socket *s)
{
	static char text[sizeof(VISITOR_SESSION) + ID_TEXT_LEN];
	const size_t n = sizeof(VISITOR_SESSION) - 1;

	memcpy(text, VISITOR_SESSION, n);
	id_format(&s->visitor, text + n);
	return slice_str(text);
}

void
socket_give_up(struct widget_socket *s)
{
	ws_close(s->ws, WS_TRY_AGAIN, chat_failure_message(TURN_STORE_DOWN));
}

/* -- frames in -------------------------------------------------------------------------------- */

/* Nothing came of a frame; after too many in a row nothing will. */
static void
refuse(struct widget_socket *s, const char *code, const char *message, struct slice client_id)
{
	say_error(s, code, message, client_id);
	if (++s->refused == REFUSED_MAX)
		ws_close(s->ws, WS_POLICY, "too many frames that were refused");
}

/* As the same over HTTP. */
static bool
rate_takes(struct widget_socket *s, enum widget_frame_kind kind)
{
	return kind == WIDGET_STOP ? guard_chat_read_rate_take(s->api, s->x)
				   : guard_chat_rate_take(s->api, s->x);
}

static void
take(struct widget_socket *s, struct widget_frame *frame)
{
	if (!rate_takes(s, frame->kind)) {
		refuse(s, "rate_limited", "Too many requests", frame->id);
		return;
	}
	s->refused = 0;
	switch (frame->kind) {
	case WIDGET_MESSAGE:
		heard_send(s, frame);
		break;
	case WIDGET_CONTACT:
		introduce(s, frame);
		break;
	case WIDGET_STOP:
		heard_stop(s);
		break;
	}
}

static void
on_message(void *arg, struct slice text)
{
	struct widget_socket *s = arg;
	struct widget_frame frame;
	const char *wrong = widget_frame_read(text, &frame);

	metric_add(&s->api->worker->socket_messages, 1);
	if (wrong != NULL)
		refuse(s, "invalid_message", wrong, frame.id);
	else
		take(s, &frame);
	widget_frame_clear(&frame);
}

/* The last of one whose connection has ended. */
static void
part(struct widget_socket *s, bool sends)
{
	LIST_REMOVE(s, closing);
	heard_end(s, sends);
	free(s);
}

void
socket_go_on(struct widget_socket *s)
{
	if (s->ws == NULL)
		part(s, true);
	else
		heard_next(s);
}

static void
on_closed(void *arg)
{
	struct widget_socket *s = arg;

	room_leave(&s->guest);
	past_end(s);
	heard_leave(s);
	s->ws = NULL;
	s->x = NULL;
	LIST_INSERT_HEAD(&s->api->widget_sockets->closing, s, closing);
	if (s->introduction == NULL)
		part(s, true);
}

/* -- what the room says ------------------------------------------------------------------------ */

/* Whether it is under way here: a message from here, or one that is sent here as well. */
static bool
is_own(struct widget_socket *s, const struct msg_live_turn *turn)
{
	if (id_is_zero(&turn->message))
		return heard_anew(s, turn);
	if (heard_has(s, &turn->turn))
		return true;
	if (!heard_sends(s, turn->client_id, turn->text))
		return false;
	past_learn(s, &turn->message, false);
	return true;
}

static void
hear_turn(struct widget_socket *s, const struct msg_live_turn *turn)
{
	bool is_anew = id_is_zero(&turn->message);

	if (is_own(s, turn))
		return;
	if (heard_looks(s)) {
		heard_look(s);
		return;
	}
	/* A look may have found it before we are told. */
	if (!is_anew && !past_knows(s, &turn->message)) {
		past_learn(s, &turn->message, false);
		say_message(s, MESSAGE_USER, turn->text, &turn->message, MESSAGE_COMPLETE);
	}
	if (is_anew || !past_knows(s, &turn->turn))
		heard_join(s, &turn->turn);
}

/* Who said it here has been told. */
static void
hear_contact(struct widget_socket *s)
{
	if (!s->introduced)
		say_type(s, "contact_info_saved");
	s->introduced = false;
	s->is_known = true;
}

static void
hear_missed(struct widget_socket *s, const struct room_news *news)
{
	if (news->known && !s->is_known)
		say_type(s, "contact_info_saved");
	s->introduced = false;
	s->is_known = news->known;
	heard_retry(s);
	if (news->erased)
		heard_erased(s);
	else
		heard_look(s);
}

static void
hear(struct room_guest *guest, const struct room_news *news)
{
	struct widget_socket *s = (struct widget_socket *)guest;

	switch (news->event) {
	case ROOM_TURN:
		hear_turn(s, news->turn);
		break;
	case ROOM_CONTACT:
		hear_contact(s);
		break;
	case ROOM_MISSED:
		hear_missed(s, news);
		break;
	case ROOM_DEAF:
		socket_give_up(s);
		break;
	case ROOM_OVER:
		ws_close(s->ws, WS_OVER, chat_failure_message(TURN_VISITOR_GONE));
		break;
	}
}

/* -- opening ---------------------------------------------------------------------------------- */

static struct widget_socket *
socket_new(struct opening *o, const struct msg_visitor_record *visitor)
{
	static const struct ws_events ws_events = {.message = on_message, .closed = on_closed};
	struct widget_socket *s = xcalloc(1, sizeof(*s));

	s->guest.hear = hear;
	s->api = o->q.api;
	s->org = visitor->org;
	s->widget = visitor->widget;
	s->visitor = visitor->id;
	s->token = visitor->token;
	s->streams = o->streams;
	TAILQ_INIT(&s->replies);
	s->x = store_query_done(&o->q);
	s->ws = ws_accept(s->x, &ws_events, s);
	request_context_stream_begin(s->x, &s->api->worker->sockets);
	return s;
}

/* The first frames. Who comes for the first time has said nothing before. */
static void
greet(struct widget_socket *s, const char *token, bool introduced, bool resumed)
{
	say_session(s, token, introduced);
	if (room_enter(s->api->widget_sockets->rooms, &s->guest, &s->visitor, &s->token) ==
	    -1) {
		socket_give_up(s);
		return;
	}
	s->is_known = introduced;
	s->past_told = !resumed;
	if (resumed)
		heard_look(s);
}

static void
on_opened(void *arg, uint16_t type, const union msg *m)
{
	struct opening *o = arg;
	char token[TOKEN_TEXT + 1];
	struct msg_visitor_record visitor;

	if (type != MSG_VISITOR_OPENED || m->visitor_opened.visitor.len == 0) {
		store_query_fail(&o->q, type, m);
		return;
	}
	must(record_decode(m->visitor_opened.visitor, MSG_VISITOR_RECORD, &visitor) == WIRE_OK);
	memcpy(token, m->visitor_opened.resumed ? o->given : o->fresh, sizeof(token));
	greet(socket_new(o, &visitor), token, !id_is_zero(&visitor.contact),
	    m->visitor_opened.resumed);
}

/* One that has not the form of ours is as good as none. */
static void
read_token(struct opening *o, struct slice query)
{
	uint8_t text[PARAMETER_MAX];
	struct slice token = parameter_read(query, "token", text);

	if (token.len != TOKEN_TEXT)
		return;
	memcpy(o->given, token.p, TOKEN_TEXT);
	o->given_hash = secret_hash(token);
}

void
handle_widget_socket(const struct api_call *c)
{
	struct opening *o = store_query_new(c, sizeof(*o), 0, "Widget not found");
	struct slice query = c->x->req->query;
	uint8_t text[PARAMETER_MAX];
	struct msg_widget_record widget;
	struct msg_visitor_open ask = {0};

	must(record_decode(c->widget_record, MSG_WIDGET_RECORD, &widget) == WIRE_OK);
	ask.public_id = widget.public_id;
	o->streams = slice_eq_str(parameter_read(query, "stream", text), "1");
	read_token(o, query);
	secret_base62(o->fresh, TOKEN_TEXT);
	o->fresh_hash = secret_hash(slice_str(o->fresh));
	ask.token = o->given_hash;
	ask.fresh_token = o->fresh_hash;
	ask.fresh_id = id_new();
	store_query_ask(&o->q, MSG_VISITOR_OPEN, &ask, on_opened);
}

/* -- all of a worker's sockets */

struct widget_sockets *
widget_sockets_new(struct store_client *store)
{
	struct widget_sockets *sockets = xcalloc(1, sizeof(*sockets));

	sockets->rooms = widget_rooms_new(store);
	LIST_INIT(&sockets->closing);
	return sockets;
}

void
widget_sockets_free(struct widget_sockets *sockets)
{
	struct widget_socket *s;

	while ((s = LIST_FIRST(&sockets->closing)) != NULL) {
		introduce_cancel(s);
		part(s, false);
	}
	widget_rooms_free(sockets->rooms);
	free(sockets);
}

bool
widget_sockets_is_empty(const struct widget_sockets *sockets)
{
	return LIST_EMPTY(&sockets->closing);
}
