/*
 * A turn from within: its states, its struct, and what its files ask of each other.
 *
 *	turn.c         life and states, the beginning
 *	turn_request.c     the question to the model, and asking again
 *	turn_response.c  its answer as it comes
 *	turn_store.c    keeping the reply: checkpoints, and the end
 *	turn_listeners.c    who comes later: listeners here, workers that follow it, a stop
 *	turn_trial.c     a turn that the store knows nothing of
 *	turns.c, resume.c all turns together; finding one
 *
 * For these alone; everyone else includes turn.h.
 */
#ifndef WORKERD_TURN_TURN_INTERNAL_H
#define WORKERD_TURN_TURN_INTERNAL_H

#include <event2/event_struct.h>

#include "workerd/model/sse.h"
#include "workerd/model/utf8_reassembly.h"
#include "workerd/turn/history.h"
#include "workerd/turn/listeners.h"
#include "workerd/turn/reply_ref.h"

#define CHECKPOINT_MS    1000
#define CHECKPOINT_GRID  100 /* ms; on its lines checkpoints go together */
#define CHECKPOINT_BYTES 4096
#define ERROR_BODY_MAX   4096 /* bytes of an error answer that are read for the log */

enum turn_state {
	TURN_BEGINNING, /* the message is on its way to the store */
	TURN_LOADING,   /* older history is fetched */
	TURN_ASKING,    /* the model was asked and has not begun to answer */
	TURN_WAITING,   /* the model is asked, mostly again, when the timer ends */
	TURN_STREAMING, /* the answer comes */
	TURN_FINISHING, /* the reply is on its way to the store; of a trial: to its listener */
	TURN_SAVING,    /* the store would not take it; tried again when the timer ends */
	TURN_OVER,      /* freed as soon as the model's transfer has ended too */
};

struct turn {
	struct audience
	    audience; /* the first member: found by it. Its text is the reply so far */
	struct chat *chat;
	enum turn_state state;
	bool stop;                   /* it was stopped before the store had begun it */
	char *name;                  /* of the request that began it: request= in the log */
	struct reference *reference; /* of a message with a client's id, until it has begun */
	struct store_call *call;     /* begin, history or finish; never a checkpoint */
	struct upstream_transfer *transfer;
	struct event timer; /* the next checkpoint, attempt or save */
	struct history history;
	struct agent *agent;         /* who answers; as the history, until the first token */
	struct model_server *server; /* that it asks; NULL: the settings name it no more */
	struct id org;
	bool trial; /* nothing is stored, and who listens is all there is it for */

	struct sse_reader reader;
	struct joiner halves;  /* of a character that two events share */
	size_t kept;           /* bytes of the text that checkpoints hold */
	unsigned checkpoints;  /* on their way */
	struct buf error_body; /* the start of an answer that is an error */
	int http_status;       /* of the model's answer */
	unsigned retry_after_ms;
	unsigned attempts;
	bool behind; /* the last checkpoint was not kept */
	bool asked_usage;
	bool spares_usage; /* not asked for again: the server named it when it refused */
	bool said_done;    /* [DONE] or a finish_reason came */

	bool failed;  /* what the listeners hear, from FINISHING on */
	bool unsaved; /* only because the store did not take it, which it may yet */
	enum turn_failure failure;
	struct turn_reply reply; /* as it is to be stored: the text trimmed, or an apology */
	uint64_t began_ms, first_token_ms, save_soon_until_ms;

	bool wanted; /* other workers follow it */
	bool greets; /* there is something to tell them even if there is no text: one has just
			     come, or the store has not taken the reply */
	size_t published; /* bytes of the text that they have */
	LIST_ENTRY(turn) wanted_link;
	LIST_ENTRY(turn) link;
};

/* What tells a turn from others in the log. */
#define L_TURN(t) L_ID("turn", &(t)->audience.ids.message), L_STR("request", (t)->name)

/* -- turn.c -- */

/* The one place where the state changes; a turn that is over may be gone afterwards. */
void turn_enter(struct turn *t, enum turn_state state);

/* A turn in its first state, of the worker's turns; with neither history nor agent. */
struct turn *turn_new(
    struct chat *chat, const struct id *org, struct slice name, const struct turn_ids *ids);

/* Who answers it; takes over the agent. */
void turn_set_agent(struct turn *t, struct agent *agent);

/* Calls for the turn's next step in so many milliseconds: what that is, the state says. */
void turn_timer(struct turn *t, unsigned ms);

/* The same for a checkpoint, in CHECKPOINT_MS at the latest. */
void turn_timer_checkpoint(struct turn *t);

/* Remembers what the listeners are to hear; the first failure counts. */
void turn_set_failure(struct turn *t, enum turn_failure failure);

/* Tells the listeners how it ended, and forgets them. */
void turn_tell(struct turn *t);

/* The end of a turn that is stored, or was never begun. */
void turn_end(struct turn *t);

/* Neither the store nor the model will call it back; a checkpoint that is on its way still does. */
void turn_give_up_calls(struct turn *t);

/* The end of one that the store has given away: its conversation was deleted (TURN_ERASED), or another
 * run has begun it anew (TURN_INTERRUPTED). Whatever it waits for is given up. The turn may be gone
 * afterwards. */
void turn_lost(struct turn *t, enum turn_failure why);

/* The end of the process: frees it wherever it is. */
void turn_forget(struct turn *t);

/* -- turn_request.c -- */

/* The model takes the question: learns what it wants left out of the next ones. */
void turn_admitted(struct turn *t);

/* Asks the model; the history is there. */
void turn_ask(struct turn *t);

/* The model's answer ended before its first token: asks again if that may help. */
void turn_refused(struct turn *t, enum upstream_end how, const char *detail);

/* Counts an answer that failed, and logs what a model says of its failure, without our key. */
void turn_count_error(const struct turn *t, enum upstream_end how);
void turn_log_words(const struct turn *t, struct slice words);

/* -- turn_response.c -- */

/* What the model's transfer calls. */
extern const struct upstream_events turn_answer_events;

/* -- turn_store.c -- */

/* The model has said all it will: stores the reply. A transfer that has not ended yet goes on by
 * itself, so that its connection can be used again. */
void turn_finish(struct turn *t);

/* The model's answer will not come, or not whole: stores what is there as interrupted. */
void turn_fail(struct turn *t, enum turn_failure failure);

/* Sends the reply, as turn_finish() left it, to the store; once more if need be. A trial ends. */
void turn_save(struct turn *t);

/* Keeps the text that no checkpoint holds yet; an empty one only claims the turn. */
void turn_checkpoint(struct turn *t);

/* Claims a reply that is being made, and so learns whether it still is this turn's. */
void turn_claim(struct turn *t);

/* -- turn_listeners.c -- */

/* The turn that runs here and answers with this message, or NULL. */
struct turn *turn_find(const struct chat *chat, const struct id *message);

/* Lets one listen who has come later; who waits for a stop stops it. */
void turn_admit(struct turn *t, struct turn_listener *l);

/* Ends the reply where it is. One whose text is on its way to the store ends as it does. */
void turn_halt(struct turn *t);

/* What storaged says of the turns that run here. One that has ended meanwhile is passed over. */
void turn_live_wanted(struct chat *chat, const struct msg_live_wanted *from);
void turn_live_unwanted(struct chat *chat, const struct id *message);
void turn_live_stop(struct chat *chat, const struct id *message);
void turn_live_end(struct chat *chat, const struct id *message);

/* Nobody elsewhere follows it any more. */
void turn_unwanted(struct turn *t);

/* Sends what came since the last time to those who follow it elsewhere. */
void turn_publish(struct turn *t);

/* -- turn_trial.c -- */

/* After each call to listeners: ends a trial that nobody hears any more. */
void turn_look_for_listeners(struct turn *t);

#endif
