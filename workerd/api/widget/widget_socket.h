/*
 * One visitor's WebSocket (API.md, section 7), in the files that share it:
 *
 *	widget_socket.c     its life: opened, frames in, closed
 *	widget_send.c       frames out
 *	widget_history.c       what was said before it came, or while the line to the store was lost
 *	widget_replies.c      the replies that it hears, one after the other
 *	widget_identify.c  the visitor says who it is
 *
 * It is in its visitor's room (widget_room.h) from its first frame to its end. Frames are answered in
 * their order: what a visitor sends while a reply is under way waits until that has ended, since
 * nothing in a frame says which reply it is of. What still waits when the connection ends is sent all
 * the same, and answered to the history; if the visitor has just said who it is, when that is stored.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_SOCKET_H
#define WORKERD_API_WIDGET_WIDGET_SOCKET_H

#include "workerd/api/request/api_call.h"
#include "workerd/api/widget/widget_contact.h"
#include "workerd/api/widget/widget_frame.h"
#include "workerd/api/widget/widget_room.h"
#include "workerd/http/ws/ws.h"
#include "workerd/turn/turn.h"

struct heard;
struct introduction;

/* A message that the client was told. */
struct told {
	struct id message;
	bool broken; /* a reply that broke off, which may yet come to a better end */
};

struct told_list {
	struct told *of;
	size_t n, cap;
};

/* How far the client knows its conversation (widget_history.c). */
struct past {
	struct id conversation; /* zero: not known yet, or none */
	uint64_t settled;       /* what lies before this place was told, and stays as it is */
	struct told_list told;  /* of what lies behind it */
	bool erased;            /* all of it was deleted: the next look begins anew */
	/* while the store is asked */
	struct store_call *call;
	struct told_list seen;   /* told, as far as the store has it */
	bool gap, asked, broken; /* a question without a reply; the last was a question; a reply
				    broke off */
};

struct widget_socket {
	struct room_guest guest; /* first: what the room knows it by */
	struct api *api;
	struct http_exchange *x; /* whose context has its address and its name for the log */
	struct ws *ws;           /* NULL, as x: the connection has ended */
	struct id org, widget, visitor;
	struct hash256 token;
	bool streams; /* wants each token, and ids */

	/* widget_history.c */
	struct past past;
	bool past_told; /* the client has its history */
	bool
	    replays; /* it is told what it has missed: more than it may leave waiting otherwise */

	/* widget_replies.c */
	TAILQ_HEAD(, heard) replies;
	size_t n_replies, n_waiting;
	struct id
	    failed; /* the last reply that failed and may still be open: no look joins it */

	/* widget_identify.c */
	struct introduction *introduction; /* under way */
	bool introduced;                   /* here: the room will tell of it as well */
	bool is_known;                     /* the client was told that it is known who it is */

	unsigned refused; /* frames in a row that were good for nothing */
	LIST_ENTRY(widget_socket) closing;
};

/* -- widget_send.c: frames out; a client that takes none is closed by the connection ----------- */

/* An error, about the client's message of this id (empty: none or no message). */
void say_error(
    struct widget_socket *s, const char *code, const char *message, struct slice client_id);

/* An error about contact details, with all that is wrong of them. */
void say_wrong_contact(
    struct widget_socket *s, const char *message, const struct widget_contact *contact);

/* {"type":…} and nothing else. */
void say_type(struct widget_socket *s, const char *type);

void say_session(struct widget_socket *s, const char *token, bool introduced);
void say_token(struct widget_socket *s, struct slice token);

/* Text that is empty is no message: nothing is said. */
void say_message(struct widget_socket *s, enum message_role role, struct slice text,
    const struct id *id, enum message_status status);

/* list: a LIST of MESSAGE_RECORD; active: a reply that is told later (zero: none). */
void say_history(struct widget_socket *s, struct slice list, const struct id *active);

/* -- widget_history.c ---------------------------------------------------------------------------- */

/* Looks for what the client has not been told, all of it at first and after a deletion, otherwise what is
 * new, and tells that; then heard_looked(). Nothing if it looks already. Only heard_next() calls it. */
void past_look(struct widget_socket *s);

/* Whether the client was told a message that is not settled yet; and that it was now. broken: of a reply,
 * only that it broke off. */
bool past_knows(const struct widget_socket *s, const struct id *message);
void past_learn(struct widget_socket *s, const struct id *message, bool broken);

/* So much was told since the last look that it is time for another, to forget most of it. */
bool past_is_long(const struct widget_socket *s);

/* The connection has ended: forgets all. */
void past_end(struct widget_socket *s);

/* -- widget_replies.c ---------------------------------------------------------------------------- */

/* The visitor's message goes out when all before it are answered. */
void heard_send(struct widget_socket *s, const struct widget_frame *frame);

/* A reply that others have begun is told when all before it have ended; not while heard_looks(). */
void heard_join(struct widget_socket *s, const struct id *reply);

/* What is new is looked for when all before that have ended (past_look()); once, however often this is
 * called meanwhile. */
void heard_look(struct widget_socket *s);

/* The conversation was deleted: what there is instead is told behind the reply that is under way, before
 * what the visitor has sent since. */
void heard_erased(struct widget_socket *s);

/* Whether a look is under way or waits: it finds what comes now, or another one does. */
bool heard_looks(const struct widget_socket *s);

/* The look has ended. active: a reply that is being written (zero: none), told next unless it has just failed;
 * open: others may be as well, and are looked for after that. */
void heard_looked(struct widget_socket *s, const struct id *active, bool open);

/* A reply that failed may be heard now: the next look tries. */
void heard_retry(struct widget_socket *s);

/* Goes on, if nothing else is waited for. */
void heard_next(struct widget_socket *s);

/* This reply is being made: its listener is told so. false: it is not among those here. */
bool heard_has(struct widget_socket *s, const struct id *reply);

/* A reply is begun anew: who hears it, or has sent its message again, goes on with it. false: it is not
 * among those here. */
bool heard_anew(struct widget_socket *s, const struct msg_live_turn *turn);

/* Whether this very message, by the client's id, is sent here as well and not answered yet: its reply is
 * that of the other. */
bool heard_sends(struct widget_socket *s, struct slice id, struct slice message);

/* Stops the reply that is under way, if one is. */
void heard_stop(struct widget_socket *s);

/* The connection has ended: nobody hears anything any more. */
void heard_leave(struct widget_socket *s);

/* After that, the last: sends what waits, or forgets it. */
void heard_end(struct widget_socket *s, bool sends);

/* -- widget_identify.c ------------------------------------------------------------------------- */

/* Takes over what the frame holds. */
void introduce(struct widget_socket *s, struct widget_frame *frame);

/* Forgets what is under way. */
void introduce_cancel(struct widget_socket *s);

/* -- widget_socket.c ---------------------------------------------------------------------------- */

/* What each file shares of closing: the store does not answer, so that the client must come again. */
void socket_give_up(struct widget_socket *s);

/* The contact details are stored or refused: what came after them goes on, also when the connection has
 * ended meanwhile. s may be gone then. */
void socket_go_on(struct widget_socket *s);

/* The visitor's session, as turns know it; valid until the next call. */
struct slice socket_session(const struct widget_socket *s);

#endif
