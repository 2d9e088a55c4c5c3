/*
 * A turn's states and struct, for the files of this folder that run it:
 *
 *	turn.c            life, states, the end
 *	turn_begin.c      begin at storaged, load the history
 *	turn_knowledge.c  what the reply is based on, and its marks
 *	turn_cost.c       what its calls may cost, for budgets
 *	turn_request.c    the request to the model; retries (workerd/model/retry_policy.h), further servers
 *	turn_response.c   the model's response
 *	turn_hand_over.c  the model asks for a person
 *	turn_tools.c      the model calls tools
 *	turn_store.c      checkpoints, and storing the reply
 *	turn_listeners.c  listeners that join later, other workers that follow the turn, stop
 *	turn_limits.c     how many may run, with how much memory, and how long without a listener
 *	turn_trial.c      turns that are not stored
 */
#ifndef WORKERD_TURN_TURN_INTERNAL_H
#define WORKERD_TURN_TURN_INTERNAL_H

#include <event2/event_struct.h>

#include "proto/base/network.h"
#include "workerd/knowledge/finding.h"
#include "workerd/knowledge/marks.h"
#include "workerd/model/openai/hand_over.h"
#include "workerd/model/openai/openai_form.h"
#include "workerd/model/openai/thoughts.h"
#include "workerd/model/openai/utf8_reassembly.h"
#include "workerd/net/sse.h"
#include "workerd/turn/prompt/history.h"
#include "workerd/turn/reply_listeners.h"
#include "workerd/turn/reply_ref.h"
#include "workerd/turn/turns.h"

#define CHECKPOINT_MS 1000
#define CHECKPOINT_GRID \
	100 /* ms; checkpoints fall on multiples of it, to be committed together */
#define CHECKPOINT_BYTES 4096
#define ERROR_BODY_MAX   16384              /* bytes of an error response that are kept */
#define WHOLE_BODY_MAX   (2u * 1024 * 1024) /* bytes of a response that is not a stream */

enum turn_state {
	TURN_BEGINNING,  /* storaged was asked to begin it */
	TURN_LOADING,    /* storaged was asked for older history */
	TURN_FINDING,    /* what it is based on is looked up */
	TURN_RESERVING,  /* storaged was asked for more tokens of budgets */
	TURN_REQUESTING, /* the request was sent; no response headers with status 200 yet */
	TURN_BACKOFF,    /* the request is sent, mostly again, when the timer ends */
	TURN_CALLING,    /* tools that the model has called are asked */
	TURN_STREAMING,  /* the response arrives */
	TURN_STORING,    /* storaged was asked to store the reply; a trial: the timer ends it */
	TURN_STORE_RETRY, /* storaged did not store it; retried when the timer ends */
	TURN_OVER,        /* freed when the transfer and the checkpoints have ended too */
};

/* What the calls of a turn may cost. With a budget, storaged has reserved tokens for a turn: no request is sent that may
 * use more, with those before it whose usage nobody reported. */
struct turn_cost {
	uint32_t prompt, completion; /* reserved tokens; 0: no budget limits the reply */
	/* Calls before the last one that may have cost something. */
	uint64_t lost_request,
	    lost_output;    /* bytes of their requests, and tokens that they may have written */
	uint64_t estimated; /* tokens that they have probably used */
	/* What the model has reported of calls before the last one, which were complete. */
	uint64_t known_prompt, known_completion;
	/* The last call. */
	size_t request;       /* bytes; 0: it costs nothing */
	size_t pieces, text;  /* of its text, and their bytes */
	uint32_t most_output; /* tokens that the model may write */
};

struct turn {
	struct reply_listeners listeners; /* the first member: turns are found by it */
	struct turns *turns;
	enum turn_state state;
	bool begun;            /* storaged has answered that it has begun it; a trial: always */
	bool stop_requested;   /* before storaged had begun it */
	char *name;            /* request= in the log */
	struct reply_ref *ref; /* of a message with a client id, until storaged has begun it */
	struct store_call *call; /* begin, history or finish; never a checkpoint */
	struct finding *finding; /* under way */
	uint64_t finding_since_ns;
	struct upstream_transfer *transfer;
	struct event timer; /* the next checkpoint, request or store retry */
	struct history history;
	struct found_passages
	    passages;          /* kept until the first token, as the prompt and the history */
	struct prompt *prompt; /* kept until the first token, as the history */
	char *model; /* after the first token: who writes it; target.model is this then */
	struct model_server *server; /* NULL: the settings do not name the agent's server */
	struct json_t
	    *fallbacks; /* who is asked after it, until the first token; NULL: nobody */
	size_t fallbacks_used;
	uint64_t first_token_due_ms; /* when the next one is asked; 0: never */
	struct id org;
	struct id step;    /* whose result the reply is about; zero: it answers a message */
	bool team_decides; /* who writes has no way to decide about an action */
	bool trial;
	bool keeps_thoughts; /* the agent's setting */

	struct sse_reader reader;
	struct utf8_reassembly reassembly;
	size_t checkpointed; /* bytes of the text in checkpoints */
	size_t checkpointed_marks;
	unsigned checkpoints;     /* requests under way */
	bool checkpoint_failed;   /* the last one */
	bool checkpoint_poisoned; /* storaged died on one: they only claim the turn now */
	struct buf error_body;    /* the start of an error response */
	int http_status;       /* of the model's response, or what an error in it stands for */
	enum openai_form form; /* of a response with status 200 */
	char type[UPSTREAM_TYPE_MAX]; /* its media type */
	struct buf whole;             /* its body, if it is not a stream */
	bool accepted; /* an event has come, and the first one was not an error */
	bool peeked;   /* at its first piece */
	bool has_item; /* text has come; of the following item, the only one that is followed */
	uint32_t item;
	bool hopeless; /* another request would fail in the same way */
	char *
	    cause; /* why the model failed, for the owner who tries an agent; NULL: no failure */
	unsigned retry_after_ms;
	unsigned attempts;
	struct turn_cost cost;
	unsigned repairs;             /* of these, the ones that an error led to at once */
	struct prompt_target target;  /* whom the request is for, and what is left out of it */
	uint64_t target_key;          /* of the server and model (part_memory.h) */
	uint32_t sent;                /* the parts of the last request */
	struct refused_parts dropped; /* because of errors of this turn */
	bool learns_output; /* target.max_output is the model's own, if it accepts that */
	bool too_long;      /* the last message alone is more than the model takes */
	uint32_t doubtful;  /* of these, parts that later errors named too */
	bool end_received;  /* [DONE] or a finish_reason */
	struct thoughts thoughts;
	struct hand_over hand_over;
	struct turn_tools *tools; /* NULL: the agent has none */
	bool wrote;               /* text of the last request's response has come */
	bool gap;                 /* an empty line belongs before it */
	size_t round_start;       /* bytes of the text that came before the last request */
	struct marks marks;
	char language[16];        /* of the visitor's page; empty: not known */
	enum not_found not_found; /* what its agent does if the content has no answer */
	bool small_talk;          /* the message needs no information (small_talk.h) */
	char *waiting_text;       /* of an agent that may hand over, else NULL */
	bool closed;              /* people do not work now (workerd/hours/hours.h) */
	bool asks_person;         /* the visitor asks for a person: the model is not called */

	bool failed;     /* reported to the listeners, from TURN_STORING on */
	bool not_stored; /* failed only because storaged has not stored the reply yet */
	bool unsaved;    /* listeners got the failure while the reply's end was not stored */
	enum turn_failure failure;
	struct slice refusal_text; /* storaged's, until turn_end() */
	struct turn_reply reply;   /* as stored: trimmed, or an apology */
	uint32_t total_ms;         /* until the reply was complete, or failed */
	uint64_t began_ms, first_token_ms, store_retry_fast_until_ms;
	unsigned refusals; /* of the reply's end, as turn_store.c counts them */
	bool given_up;     /* storaged is asked to end it with the text of its checkpoints */

	bool followed; /* by other workers */
	bool
	    publish_pending; /* publish even without new text: a follower joined, or the reply could
				 not be stored */
	size_t published; /* bytes of the text that the followers have */
	size_t published_marks;
	LIST_ENTRY(turn) followed_link;
	struct ip_address client, sender; /* as in turn_request */
	char *user_id;                    /* the same; NULL: not known */
	uint64_t source;                  /* likewise */
	LIST_ENTRY(turn) source_link;
	size_t held; /* bytes of text and history, as counted in turns->held and of_org */
	struct turn_org *of_org;
	uint64_t unheard_since_ms; /* 0: it has a listener, or nobody has looked yet */
	LIST_ENTRY(turn) link;
};

/* The fields that identify a turn in the log. */
#define L_TURN(t) L_ID("turn", &(t)->listeners.ids.message), L_STR("request", (t)->name)

/* The only place where the state changes. TURN_OVER may free the turn. */
void turn_enter(struct turn *t, enum turn_state state);

/* storaged has begun it, and the model's response is not complete. */
bool turn_is_producing(const struct turn *t);

/* A turn in TURN_BEGINNING, without history and prompt. */
struct turn *turn_new(
    struct turns *turns, const struct id *org, struct slice name, const struct turn_ids *ids);

/* Whether one more turn may begin for an organization and a client address (turn_request's source); else the reason. */
bool turn_limits_admit(
    const struct turns *turns, const struct id *org, uint64_t source, enum turn_failure *why);

/* Counts the turn for its organization, and for its client's address, until turn_limits_leave(). */
void turn_limits_enter_org(struct turn *t);
void turn_limits_enter(struct turn *t, uint64_t source);
void turn_limits_leave(struct turn *t);

/* Counts the memory of its text and history again. */
void turn_limits_hold(struct turn *t);

/* The events that stop replies; without a callback until the next loop iteration. */
void turn_limits_start(struct turns *turns);
void turn_limits_clear(struct turns *turns);

/* Takes over the prompt. */
void turn_set_prompt(struct turn *t, struct prompt *prompt);

/* Runs the state's next step in ms milliseconds. */
void turn_set_timer(struct turn *t, unsigned ms);

/* Records the failure that the listeners receive; the first one counts. */
void turn_set_failure(struct turn *t, enum turn_failure failure);

/* Counts a turn that was refused before it began. */
void turn_count_refusal(struct turns *turns, enum turn_failure failure);

/* Reports the end to the listeners and frees them. */
void turn_report_end(struct turn *t);

/* Ends a turn that is stored or never began. May free it. */
void turn_end(struct turn *t);

/* Cancels the requests to storaged and the model, except checkpoints. */
void turn_cancel_calls(struct turn *t);

/* Ends a turn that is not this worker's any more: its conversation was deleted (TURN_ERASED), or another
 * run has restarted it (TURN_INTERRUPTED). May free it. */
void turn_lost(struct turn *t, enum turn_failure why);

/* Whether storaged refuses because a budget (TURN_BUDGET), or the visitor's share of it (TURN_SHARE), has not enough left. */
bool turn_is_unaffordable(uint16_t type, const union msg *m, enum turn_failure *why);

/* Whether storaged refuses because the turn is not this worker's any more; or it was interrupted, and a budget has
 * not enough for the rest. Sets *why. */
bool turn_is_lost(uint16_t type, const union msg *m, enum turn_failure *why);

/* Frees the turn in any state, at the end of the process. */
void turn_discard(struct turn *t);

/* storaged has not answered the begin of a message with a client id in time. */
void turn_begin_timed_out(struct turn *t);

/* The history is loaded: looks up what the agent's replies are based on, and then asks the model. */
void turn_look_up(struct turn *t);

/* Adds a part of the model's text without its marks, and their places behind it. */
void turn_marks_cut(struct turn *t, struct slice text);

/* The same with the last part, and with what waits for the rest of a mark. */
void turn_marks_end(struct turn *t, struct slice text);

/* Before a request: forgets those of an earlier one. */
void turn_marks_reset(struct turn *t);

/* In turn_response.c: adds text to the reply, and sends it to the listeners. */
void turn_response_add_text(struct turn *t, struct slice text);

/* The reply is complete: notes whether the content had an answer. */
void turn_settle_sources(struct turn *t);

/* Sends the request to the model; what it is based on was looked up. */
void turn_send_request(struct turn *t);

/* Notes whether the agent may hand over, and what the visitor reads then. */
void turn_hand_over_allow(struct turn *t);

/* Asks storaged for the agent's tools, and continues with turn_look_up(). False: it has none, or they are known. */
bool turn_tools_load(struct turn *t);
void turn_tools_free(struct turn *t);

/* The text of the response before the next request is read. */
void turn_tools_reset(struct turn *t);

/* Takes what an event has of calls. */
void turn_tools_read(struct turn *t, const struct openai_delta *d);

/* What the model may call, for the request; and what it has called for this reply. */
void turn_tools_offer(const struct turn *t, struct prompt_target *to);
[[gnu::warn_unused_result]] int turn_tools_write(
    const struct turn *t, struct openai_request *request);

/* The response is complete: if it has calls, they are made, and the next request follows. */
[[gnu::warn_unused_result]] bool turn_tools_run(struct turn *t);

/* What the reply waits for; NULL: nothing. */
const struct turn_waiting *turn_tools_waiting(const struct turn *t);

/* Ends the calls that are under way. */
void turn_tools_cancel(struct turn *t);

/* The visitor's part of the model's text; out is empty, and the caller's to clear. */
struct slice turn_hand_over_cut(struct turn *t, struct slice text, struct buf *out);

/* The rest of the reply's text when the model has ended, in two pieces: what looked like the start of a
 * marker, and what the visitor reads if the model has asked for a person. Either may be empty. */
struct slice turn_hand_over_rest(struct turn *t);
struct slice turn_hand_over_notice(const struct turn *t, struct buf *out);

/* Notes whether people work now; before the prompt is set. hours: as in TURN_BEGUN. */
void turn_hand_over_note_hours(struct turn *t, struct slice hours);

/* Ends the reply to a visitor who asks for a person. The prompt is set. */
void turn_hand_over_at_once(struct turn *t);

/* What a listener of a message receives that a person answers. */
struct turn_reply turn_hand_over_reply(const struct msg_turn_handed *handed);

/* Forgets what came of the request before. */
void turn_response_reset(struct turn *t);

/* The content filter of the model's server refuses the visitor's message: the reply is a sentence that says so. */
void turn_response_filtered(struct turn *t);

/* Notes why the model failed, for turn_report_end(). */
void turn_note_cause(struct turn *t, const char *detail);

/* How a failed response ends the reply. */
enum turn_failure turn_request_failure(enum upstream_end how, int status);

/* The server is chosen: notes the model, and what is known about it. */
void turn_request_set_target(struct turn *t, struct slice model);

/* An agent names a server that the settings do not have. */
void turn_log_unknown_server(const struct turn *t, struct slice name);

/* No first token has come in time, and another server may be asked. */
void turn_request_is_late(struct turn *t);

/* Reads the agent's list of further servers. */
void turn_fallback_start(struct turn *t);
void turn_fallback_clear(struct turn *t);

/* Whether there is another server to ask. */
bool turn_fallback_remains(const struct turn *t);

/* Sets the time by which the first token must come. */
void turn_fallback_expect_token(struct turn *t);

/* The timer has ended: whether that time has come. Else it is set again. */
bool turn_fallback_is_due(struct turn *t);

/* Chooses the next server; false: there is none. why: for the log. */
bool turn_fall_back(struct turn *t, const char *why);

/* The turn has begun. */
void turn_cost_begin(struct turn *t, const struct msg_turn_begun *begun);

/* Whether enough is reserved for a request of so many bytes. Otherwise storaged is asked, and the turn goes on with
 * turn_send_request(), or fails. */
bool turn_cost_is_reserved(struct turn *t, size_t request);

/* The request is sent. */
void turn_cost_sent(struct turn *t, size_t request);

/* The last request cost nothing: the server did not get it, or refused it. */
void turn_cost_nothing(struct turn *t);

/* The last call ended before its first token; another one follows. */
void turn_cost_lose(struct turn *t);

/* The last call is complete, and another one follows. */
void turn_cost_next(struct turn *t);

/* The reply is complete: its usage becomes that of all calls. */
void turn_cost_end(struct turn *t);

/* Counts a piece of the model's text. False: it is beyond what the model may write, although its server was told so. A
 * piece may be less than a token, so it needs as many bytes as tokens usually have. */
bool turn_cost_count(struct turn *t, size_t bytes);

/* What budgets pay beside the usage that the model has reported. */
uint32_t turn_cost_estimated(const struct turn *t);

/* The model accepted the request. */
void turn_request_accepted(struct turn *t);

/* The response ended before the first token: retries or fails. */
void turn_request_failed(struct turn *t, enum upstream_end how, const char *detail);

/* Counts a failed response. */
void turn_count_model_error(const struct turn *t, enum upstream_end how);

/* Logs a model's error message, with our keys redacted. */
void turn_log_model_error(struct turn *t, struct slice message);

extern const struct upstream_events turn_response_events;

/* The model's response is complete: stores the reply. A transfer that has not ended continues, so that
 * its connection can be reused. */
void turn_finish(struct turn *t);

/* The response will not come, or not completely: stores the text so far as interrupted. */
void turn_fail(struct turn *t, enum turn_failure failure);

/* Sends the reply to storaged, again if needed. A trial ends. */
void turn_store_reply(struct turn *t);

/* Sends the text that no checkpoint holds; an empty text only claims the turn. */
void turn_checkpoint(struct turn *t);

/* Sets the timer to the next checkpoint, in at most CHECKPOINT_MS. */
void turn_set_checkpoint_timer(struct turn *t);

/* Sends a checkpoint of a reply that is being written: its answer tells whether the turn is still this
 * worker's. */
void turn_claim(struct turn *t);

/* The running turn that writes this reply, or NULL. */
struct turn *turn_find(const struct turns *turns, const struct id *message);

/* Adds a listener that joins later; one that wants the reply stopped stops it. */
void turn_add_listener(struct turn *t, struct turn_listener *l);

/* Ends the reply with the text it has. A reply that is being stored is not affected. */
void turn_stop_here(struct turn *t);

/* storaged's messages about turns of this worker; ignored for a turn that has ended. */
void turn_live_wanted(struct turns *turns, const struct msg_live_wanted *from);
void turn_live_unwanted(struct turns *turns, const struct id *message);
void turn_live_stop(struct turns *turns, const struct id *message);
void turn_live_end(struct turns *turns, const struct id *message);

/* No other worker follows it any more. */
void turn_unfollow(struct turn *t);

/* Sends new text to the workers that follow it. */
void turn_publish(struct turn *t);

/* Called after each call to the listeners: ends a trial without a listener. */
void turn_check_trial(struct turn *t);

#endif
