/*
 * The server's frames, the same over each carrier: a WebSocket, server-sent events, NDJSON, a poll, or the answer
 * to a frame that was posted (API.md, sections 7 and 8).
 */
#ifndef WORKERD_API_WIDGET_WIDGET_SEND_H
#define WORKERD_API_WIDGET_WIDGET_SEND_H

#include "workerd/api/identity/contact_details.h"
#include "workerd/api/live/live_author.h"
#include "workerd/api/live/live_place.h"
#include "workerd/api/request/event_stream.h"
#include "workerd/http/ws/ws.h"
#include "workerd/turn/turn_sink.h"

/* Who gets the frames, and by what. Embedded in what serves the client. */
struct widget_outlet {
	struct api *api;
	bool streams;   /* the client wants tokens and message ids */
	bool operators; /* the client knows people: it gets handovers */
	bool sources;   /* the client wants to know what replies are based on */
	bool history;   /* the client loads older history: it gets ids and times */
	/* The carrier: one of these three, borrowed. None: frames are dropped. */
	struct ws *ws;
	struct event_stream *stream;
	struct buf *posted; /* the answer to a posted frame, as JSON behind "frames":[ */
	bool
	    replays; /* of ws: missed messages, which may wait for a slow client in any number */
	const struct live_place *place; /* of stream: what the client has with the next frame */
};

/* Reads what the client wants from a query. */
void widget_outlet_read(struct widget_outlet *o, struct slice query);

/* As whom the client sees messages. */
static inline enum live_viewer
widget_outlet_viewer(const struct widget_outlet *o)
{
	return o->operators ? VIEWER_OPERATORS : VIEWER_PLAIN;
}

/* An error. client_id: of the client's message, or empty. */
void widget_send_error(
    struct widget_outlet *o, const char *code, const char *message, struct slice client_id);

/* The same, for a frame that the client may repeat after so many ms. */
void widget_send_error_for_now(struct widget_outlet *o, const char *code, const char *message,
    struct slice client_id, unsigned retry_after_ms);

/* The reply to the client's message has failed; with the time of the next attempt, if there may be one. */
void widget_send_failure(
    struct widget_outlet *o, const struct turn_error *error, struct slice client_id);

/* An error about contact details, with all invalid fields. */
void widget_send_wrong_contact(
    struct widget_outlet *o, const char *message, const struct contact_details *contact);

/* {"type":…} without further members. */
void widget_send_type(struct widget_outlet *o, const char *type);

void widget_send_session(struct widget_outlet *o, const char *token, bool identified);
void widget_send_token(struct widget_outlet *o, struct slice token);

/* {"type":"steps"}: the records of a page, without reads. */
void widget_send_steps(struct widget_outlet *o, struct slice records);

/* {"type":"step"}: a step after a decision; granted says whether it counted. An error, if there is no such step. False: the store
 * has not answered. */
[[gnu::warn_unused_result]] bool widget_send_decided(
    struct widget_outlet *o, uint16_t type, const union msg *m);

/* {"type":"source"}: a place that cites a source; only for clients that want to know. */
void widget_send_source(struct widget_outlet *o, const struct turn_source *source);

/* {"type":"handover"}: a person answers the message. */
void widget_send_handover(struct widget_outlet *o, const struct turn_reply *reply);

/* Sends nothing if the text is empty. A text that is not stored has the zero id. */
void widget_send_message(struct widget_outlet *o, const struct msg_message_record *r);

/* The same for a message of a page, which has the people. */
void widget_send_message_of(struct widget_outlet *o, const struct msg_message_page *page,
    const struct msg_message_record *r);

/* A message of a page that was not delivered live: a reply that broke off without text is an error, as it is live. */
void widget_send_stored(struct widget_outlet *o, const struct msg_message_page *page,
    const struct msg_message_record *r);

/* Whether widget_send_stored() sends anything. */
bool widget_send_shows(const struct msg_message_record *r);

/* {"type":"operator","state":"typing"}. */
void widget_send_operator_typing(struct widget_outlet *o);

/* {"type":"operator","state","name","picture"}, without an empty name or picture: who has the conversation now. people:
 * of the page with r. */
void widget_send_presence(
    struct widget_outlet *o, const struct msg_conversation_record *r, struct slice people);

/* The page without its active reply. */
void widget_send_history(struct widget_outlet *o, const struct msg_message_page *page);

/* A page of messages before this one, which the client asked for. */
void widget_send_older(
    struct widget_outlet *o, const struct id *before, const struct msg_message_page *page);

#endif
