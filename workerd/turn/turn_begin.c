/*
 * The begin of a turn: storaged stores the visitor's message and opens the turn, then the history is
 * loaded and the model receives the request.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/ipc/room_id.h"
#include "proto/structure/answer_parts.h"
#include "workerd/turn/store_failure.h"
#include "workerd/turn/turn.h"
#include "workerd/turn/turn_internal.h"

static enum turn_failure
turn_begin_failure(uint16_t type, const union msg *m)
{
	static const struct {
		enum store_error code;
		enum turn_failure failure;
	} failures[] = {
	    {STORE_CONFLICT, TURN_CONFLICT},
	    {STORE_GONE, TURN_VISITOR_GONE},
	    {STORE_CONTACT_REQUIRED, TURN_CONTACT_REQUIRED},
	    {STORE_CAPPED, TURN_CAPPED},
	    {STORE_BUDGET, TURN_BUDGET},
	    {STORE_SHARE, TURN_SHARE},
	    {STORE_SHARE_WAITS, TURN_SHARE_WAITS},
	    {STORE_DISABLED, TURN_AGENT_DISABLED},
	    {STORE_BUSY, TURN_TOO_MANY},
	    {STORE_BLOCKED, TURN_BLOCKED},
	    {STORE_NOT_FOUND, TURN_NO_FILE},
	    {STORE_LIMIT, TURN_FILES_MANY},
	    {STORE_ANSWER_WRONG, TURN_ANSWER_WRONG},
	    {STORE_STALE, TURN_ANSWER_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_LEN(failures); i++)
		if (store_refused(type, m, failures[i].code))
			return failures[i].failure;
	return store_failure(type, m);
}

/* storaged refused the message, so there is nothing to finish. Or it did not answer: it may have begun
 * the turn, which then must be closed. */
static void
turn_begin_failed(struct turn *t, uint16_t type, const union msg *m)
{
	turn_set_failure(t, turn_begin_failure(type, m));
	if (type == MSG_ERROR) {
		t->refusal_text = m->error.text;
		turn_end(t);
		return;
	}
	turn_report_end(t);
	turn_fail(t, TURN_STORE_DOWN);
}

/* Only storaged knows the id of a reply to a message with a client id: a restarted reply keeps the id it
 * had. The listener gets its error now; the turn waits for the answer, to close what storaged began. */
void
turn_begin_timed_out(struct turn *t)
{
	turn_set_failure(t, TURN_STORE_DOWN);
	turn_report_end(t);
}

/* The message was sent before, and its reply is complete or being written: the listener joins that. Or a
 * person has taken over before this worker knew of the turn, whose reply is stopped. */
static void
turn_begin_repeated(struct turn *t, const struct msg_turn_state *state)
{
	struct turn_listener *l = reply_listeners_take(&t->listeners);
	struct reply_ref *ref = t->ref;
	struct turns *turns = t->turns;

	if (t->failed) {
		turn_end(t);
		return;
	}
	log_event(LOG_INFO, "turn_repeated", L_ID("turn", &state->turn),
	    L_STR("request", t->name), L_STR("reply", state->open ? "running" : "over"));
	t->ref = NULL;
	evtimer_del(&t->timer);
	turn_enter(t, TURN_OVER);
	if (l == NULL)
		free(ref);
	else
		turns->resume_repeated(turns, l, ref, state);
}

/* A person has the conversation, and answers the message. */
static void
turn_begin_handed(struct turn *t, const struct msg_turn_handed *handed)
{
	t->listeners.ids =
	    (struct turn_ids){.conversation = handed->conversation, .message = handed->message};
	t->reply = turn_hand_over_reply(handed);
	turn_end(t);
}

/* A restarted reply keeps the id it had. */
static void
turn_begin_restarted(struct turn *t, const struct id *message)
{
	reply_listeners_index_remove(&t->listeners);
	t->listeners.ids.message = *message;
	t->listeners.restarted = true;
	reply_listeners_index_add(t->turns->running_by_id, &t->listeners);
	metric_add(&t->turns->board->turns_resumed, 1);
	log_event(LOG_INFO, "turn_resumed", L_TURN(t));
}

static void turn_on_history(void *arg, uint16_t type, const union msg *m);

/* Loads the next older page, or sends the request when there is enough history. */
static void
turn_load_history(struct turn *t)
{
	struct msg_message_list list = {
	    .org = t->org,
	    .conversation = t->listeners.ids.conversation,
	    .backwards = 1,
	    .from = t->history.older,
	    .limit = (uint32_t)history_missing(&t->history),
	};

	if (list.limit == 0) {
		turn_look_up(t);
		return;
	}
	turn_enter(t, TURN_LOADING);
	t->call = store_call(
	    t->turns->store, MSG_MESSAGE_LIST, &list, STORE_TIMEOUT_MS, turn_on_history, t);
	if (t->call == NULL)
		turn_fail(t, TURN_STORE_DOWN);
}

static void
turn_on_history(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;

	t->call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND)) {
		turn_lost(t, TURN_ERASED);
		return;
	}
	if (type != MSG_MESSAGE_PAGE) {
		turn_fail(t, store_failure(type, m));
		return;
	}
	history_add(&t->history, m->message_page.messages, m->message_page.next);
	turn_limits_hold(t);
	turn_load_history(t);
}

static void
turn_begin_done(struct turn *t, const struct msg_turn_begun *begun)
{
	t->begun = true;
	t->listeners.ids.conversation = begun->conversation;
	if (!id_equal(&begun->turn, &t->listeners.ids.message))
		turn_begin_restarted(t, &begun->turn);
	evtimer_del(&t->timer);
	free(t->ref);
	t->ref = NULL;
	reply_listeners_stored(&t->listeners);
	if (t->failed) {
		turn_fail(t, TURN_STORE_DOWN);
	} else if (t->asks_person) {
		turn_hand_over_note_hours(t, begun->hours);
		turn_set_prompt(t, prompt_new(begun->agent, begun->context));
		turn_hand_over_at_once(t);
	} else if (t->stop_requested) {
		t->reply.status = MESSAGE_STOPPED;
		turn_finish(t);
	} else {
		turn_cost_begin(t, begun);
		turn_hand_over_note_hours(t, begun->hours);
		turn_set_prompt(t, prompt_new(begun->agent, begun->context));
		history_add(&t->history, begun->history, begun->older);
		turn_limits_hold(t);
		turn_load_history(t);
	}
}

/* The message that an operator has left has an answer, or must not get one from the model. */
static void
turn_begin_needless(struct turn *t)
{
	evtimer_del(&t->timer);
	turn_enter(t, TURN_OVER);
}

static void
turn_on_begun(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;

	t->call = NULL;
	if (type == MSG_TURN_BEGUN)
		turn_begin_done(t, &m->turn_begun);
	else if (type == MSG_TURN_HANDED)
		turn_begin_handed(t, &m->turn_handed);
	else if (type == MSG_OK)
		turn_begin_needless(t);
	else if (type == MSG_TURN_STATE && (t->ref != NULL || !m->turn_state.open))
		turn_begin_repeated(t, &m->turn_state);
	else
		turn_begin_failed(t, type, m);
}

/* Adds what the settings say of requests to the model. -1 when too many requests wait for storaged. */
static int
turn_send_begin(struct turn *t, struct msg_turn_begin *begin)
{
	const struct prompt_defaults *defaults = &t->turns->defaults;
	bool has_client_id = begin->client_id.len > 0;

	t->team_decides = room_session_is_of_channel(begin->session);
	begin->history = t->turns->max_history;
	begin->history_tokens = t->turns->max_history_tokens;
	begin->model = slice_str(defaults->model);
	begin->max_output = defaults->max_completion_tokens;
	begin->prompt_bytes = (uint32_t)strlen(defaults->system_prompt);
	begin->network = ip_client_prefix(&t->client);
	begin->sender = ip_client_prefix(&t->sender);
	t->call = store_call(t->turns->store, MSG_TURN_BEGIN, begin,
	    has_client_id ? 0 : STORE_TIMEOUT_MS, turn_on_begun, t);
	if (t->call == NULL)
		return -1;
	if (has_client_id)
		turn_set_timer(t, STORE_TIMEOUT_MS);
	return 0;
}

static struct id
turn_id_or_new(const struct id *given)
{
	return id_is_zero(given) ? id_new() : *given;
}

/* Used to find the reply if the message was sent before; storaged then names the reply. */
static struct reply_ref *
turn_ref_of(const struct turn_request *request)
{
	return reply_ref_copy(&(struct reply_ref){
	    .org = request->org, .widget = request->widget, .session = request->session});
}

static bool
turn_begin_is_admitted(
    struct turns *turns, const struct turn_request *request, enum turn_failure *why)
{
	if (request->accepted || turn_limits_admit(turns, &request->org, request->source, why))
		return true;
	turn_count_refusal(turns, *why);
	return false;
}

static uint8_t
turn_begin_replies_max(const struct turns *turns, const struct turn_request *request)
{
	if (request->accepted)
		return 0;
	return request->alone ? 1 : turns->limits.of_conversation;
}

/* The visitor's language, as far as the page says. */
static void
turn_begin_note_language(struct turn *t, struct slice page)
{
	struct msg_page_record record;

	if (page.len == 0 || record_decode(page, MSG_PAGE_RECORD, &record) != WIRE_OK ||
	    record.language.len == 0)
		return;
	if (!slice_copy_text(record.language, t->language, sizeof(t->language)))
		t->language[0] = '\0';
}

/* An answer is sent once, whatever the client calls it. */
static void
turn_begin_name_answer(struct msg_turn_begin *begin, char name[ANSWER_PARTS_CLIENT_ID_SIZE])
{
	struct id message;

	if (!answer_parts_message(begin->answer, &message))
		return;
	answer_parts_client_id(&message, name);
	begin->client_id = slice_str(name);
}

struct turn_listener *
turn_begin(struct turns *turns, const struct turn_request *request,
    const struct turn_sink *sink, void *arg, enum turn_failure *why)
{
	struct msg_turn_begin begin = {
	    .org = request->org,
	    .widget = request->widget,
	    .session = request->session,
	    .conversation = id_new(),
	    .message = turn_id_or_new(&request->message),
	    .turn = turn_id_or_new(&request->reply),
	    .text = request->text,
	    .files = request->files,
	    .answer = request->answer,
	    .client_id = request->client_id,
	    .page = request->page,
	    .context = request->context,
	    .user_id = request->user_id,
	    .replies_max = turn_begin_replies_max(turns, request),
	};
	const struct turn_ids ids = {.conversation = begin.conversation, .message = begin.turn};
	char answer[ANSWER_PARTS_CLIENT_ID_SIZE];
	struct turn_listener *l;
	struct turn *t;

	if (!turn_begin_is_admitted(turns, request, why))
		return NULL;
	turn_begin_name_answer(&begin, answer);
	if (request->visitor != NULL)
		begin.visitor = *request->visitor;
	begin.vouched = request->vouched;
	begin.asks_person = request->asks_person;
	t = turn_new(turns, &request->org, request->name, &ids);
	t->asks_person = request->asks_person;
	t->client = request->client;
	t->sender = request->sender;
	if (request->user_id.len > 0)
		t->user_id = slice_strdup(request->user_id);
	if (turn_send_begin(t, &begin) == -1) {
		*why = TURN_STORE_DOWN;
		turn_enter(t, TURN_OVER);
		return NULL;
	}
	turn_limits_enter(t, request->source);
	turn_begin_note_language(t, request->page);
	if (begin.client_id.len > 0)
		t->ref = turn_ref_of(request);
	l = reply_listener_new(sink, arg);
	reply_listeners_add(&t->listeners, l, false);
	return l;
}

void
turn_begin_step(struct turns *turns, const struct msg_step_taken *taken)
{
	struct msg_turn_begin begin = {
	    .widget = taken->widget,
	    .session = taken->session,
	    .message = id_new(),
	    .turn = id_new(),
	    .left = 1,
	};
	struct msg_step_record step;
	enum turn_failure why;
	struct turn_ids ids;
	struct turn *t;

	must(record_decode(taken->step, MSG_STEP_RECORD, &step) == WIRE_OK);
	begin.org = step.org;
	begin.conversation = step.conversation;
	begin.step = step.id;
	if (!turn_limits_admit(turns, &step.org, 0, &why))
		return;
	ids = (struct turn_ids){.conversation = step.conversation, .message = begin.turn};
	t = turn_new(turns, &step.org, (struct slice){0}, &ids);
	t->step = step.id;
	if (step.user_id.len > 0)
		t->user_id = slice_strdup(step.user_id);
	if (turn_send_begin(t, &begin) == -1)
		turn_enter(t, TURN_OVER);
}

void
turn_begin_left(struct turns *turns, const struct msg_live_left *left)
{
	struct msg_turn_begin begin = {
	    .org = left->org,
	    .widget = left->widget,
	    .session = left->session,
	    .conversation = left->conversation,
	    .message = id_new(),
	    .turn = id_new(),
	    .left = 1,
	};
	const struct turn_ids ids = {.conversation = begin.conversation, .message = begin.turn};
	enum turn_failure why;
	struct turn *t;

	if (!turn_limits_admit(turns, &left->org, 0, &why))
		return;
	t = turn_new(turns, &left->org, (struct slice){0}, &ids);
	if (turn_send_begin(t, &begin) == -1)
		turn_enter(t, TURN_OVER);
}
