/*
 * The model calls tools (workerd/tools/): between two of its responses, the calls of the first one are made, and the second
 * request has their results. A round is one response with its calls; those that only read are made side by side.
 *
 * An action is not made here: it is stored, and the reply ends. Who may decides, another worker makes it (workerd/actions/),
 * and a reply of its own sees what came of it: that one begins with the steps of this reply.
 *
 * Each step is stored with its result, without waiting for storaged: a run that starts the reply again continues with the
 * steps that it finds, and repeats what was under way.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "workerd/model/openai/tool_calls.h"
#include "workerd/tools/tool.h"
#include "workerd/tools/tool_arguments.h"
#include "workerd/turn/store_failure.h"
#include "workerd/turn/turn_internal.h"

#define TOOLS_MAX    16 /* of an agent */
#define ROUNDS_MAX   8  /* with results; one more tells the model that there are no more */
#define STEPS_MAX    20 /* the same */
#define SIDE_BY_SIDE 4  /* calls at a time */
#define SAME_MAX     3  /* calls with the same arguments */
#define OFFER_MAX    (1024u * 1024)

/* A call of the model. */
struct turn_step {
	struct turn *turn;
	const struct tool *tool; /* NULL: it has called one that its agent does not have */
	struct tool_call *call;  /* under way */
	bool over;
	struct id
	    id; /* of the turn whose model made it, except for the last byte: its number there */
	unsigned round; /* from 1 on */
	char *name, *arguments, *result;
	bool bad_arguments; /* they are no JSON object */
	enum step_state state;
	int status;
	unsigned ms;
	struct tool_proposal *proposal; /* of an action, else NULL */
};

struct turn_tools {
	struct tool tools[TOOLS_MAX];
	size_t n;
	struct buf chat,
	    responses; /* as the model is told about them, in the form of each API */
	char *user_id, *visitor, *email, *phone; /* who the visitor is */
	char conversation[ID_TEXT_LEN + 1];
	struct tool_calls calls; /* of the response that arrives */
	struct turn_step steps[STEPS_MAX + 1];
	size_t steps_n, running;
	uint8_t number;          /* the highest one of a step of this turn; 0: it has none */
	struct turn_step *waits; /* for a decision: the reply ends with it; else NULL */
	struct turn_waiting waiting;
	unsigned round;              /* the last one */
	size_t said[ROUNDS_MAX + 2]; /* bytes of the reply's text at the end of each round */
};

static void
turn_tools_read_tools(struct turn_tools *tt, struct slice list)
{
	struct slice item;

	while (tt->n < TOOLS_MAX && wire_list_next(&list, &item)) {
		if (!tool_init(&tt->tools[tt->n], item))
			continue;
		/* As one that is not enabled. */
		if (tt->tools[tt->n].record.mcp_changed) {
			tool_clear(&tt->tools[tt->n]);
			continue;
		}
		if ((tt->n > 0 &&
			(buf_append_str(&tt->chat, ",") == -1 ||
			    buf_append_str(&tt->responses, ",") == -1)) ||
		    tool_write(&tt->tools[tt->n], false, &tt->chat) == -1 ||
		    tool_write(&tt->tools[tt->n], true, &tt->responses) == -1)
			must(false); /* OFFER_MAX is more than all records */
		tt->n++;
	}
}

static const struct tool *
turn_tools_find(const struct turn_tools *tt, const char *name)
{
	for (size_t i = 0; i < tt->n; i++)
		if (slice_eq_str(tt->tools[i].record.name, name))
			return &tt->tools[i];
	return NULL;
}

/* An earlier run has ended with a step that still waits. */
static void
turn_tools_wait_for(
    struct turn_tools *tt, struct turn_step *step, const struct msg_step_record *r)
{
	step->proposal = xcalloc(1, sizeof(*step->proposal));
	step->proposal->class = (enum tool_class)r->class;
	step->proposal->shown = r->shown;
	must(slice_copy_text(r->text, step->proposal->text, sizeof(step->proposal->text)));
	tt->waits = step;
}

/* An earlier run may have stored a step, but not the ones before it. */
static void
turn_tools_note_number(struct turn *t, const struct msg_step_record *r)
{
	const uint8_t number = r->id.b[sizeof(r->id.b) - 1];

	if (id_equal(&r->turn, &t->listeners.ids.message) && number > t->tools->number)
		t->tools->number = number;
}

/* Steps of an earlier run: the model gets their results again. */
static void
turn_tools_read_steps(struct turn *t, struct slice list)
{
	struct turn_tools *tt = t->tools;
	struct msg_step_record r;
	struct slice item;

	while (wire_list_next(&list, &item)) {
		struct turn_step *step = &tt->steps[tt->steps_n];

		if (record_decode(item, MSG_STEP_RECORD, &r) != WIRE_OK)
			continue;
		turn_tools_note_number(t, &r);
		if (tt->steps_n >= STEPS_MAX || r.round > ROUNDS_MAX || r.round < tt->round ||
		    r.round == 0)
			continue;
		*step = (struct turn_step){
		    .over = true,
		    .id = r.id,
		    .round = r.round,
		    .name = slice_strdup(r.name),
		    .arguments = slice_strdup(r.arguments),
		    .result = slice_strdup(r.result),
		    .state = (enum step_state)r.state,
		};
		if (r.state >= STEP_WAITING && r.state <= STEP_RUNNING)
			turn_tools_wait_for(tt, step, &r);
		tt->round = r.round;
		tt->steps_n++;
	}
}

/* The reply ends with a step that waits. If the model has said nothing, it says what the step will do. */
static void
turn_tools_end_waiting(struct turn *t)
{
	const struct turn_step *step = t->tools->waits;

	reply_listeners_start(&t->listeners);
	if (utf8_trim(buf_slice(&t->listeners.text)).len == 0)
		must(reply_listeners_append(&t->listeners, slice_str(step->proposal->text)) ==
		    0);
	t->reply.status = MESSAGE_WAITING;
	turn_finish(t);
}

const struct turn_waiting *
turn_tools_waiting(const struct turn *t)
{
	struct turn_waiting *waiting;
	const struct turn_step *step;

	if (t->tools == NULL || t->tools->waits == NULL || t->reply.status != MESSAGE_WAITING)
		return NULL;
	step = t->tools->waits;
	waiting = &t->tools->waiting;
	*waiting = (struct turn_waiting){
	    .step = step->id,
	    .class = step->proposal->class,
	    .name = slice_str(step->name),
	    .text = slice_str(step->proposal->text),
	    .shown = step->proposal->shown,
	};
	return waiting;
}

static void
turn_tools_on_ready(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;
	struct turn_tools *tt = t->tools;

	t->call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND)) {
		turn_lost(t, TURN_ERASED);
		return;
	}
	if (type != MSG_TOOLS_READY) {
		turn_fail(t, store_failure(type, m));
		return;
	}
	turn_tools_read_tools(tt, m->tools_ready.tools);
	turn_tools_read_steps(t, m->tools_ready.steps);
	tt->user_id = slice_strdup(m->tools_ready.user_id);
	tt->visitor = slice_strdup(m->tools_ready.name);
	tt->email = slice_strdup(m->tools_ready.email);
	tt->phone = slice_strdup(m->tools_ready.phone);
	if (tt->waits != NULL)
		turn_tools_end_waiting(t);
	else
		turn_look_up(t);
}

bool
turn_tools_load(struct turn *t)
{
	struct msg_tools_read read = {
	    .org = t->org,
	    .turn = t->listeners.ids.message,
	    .tools = prompt_tools(t->prompt),
	    .user_id = slice_str(t->user_id == NULL ? "" : t->user_id),
	    .step = t->step,
	};

	if (t->tools != NULL || (read.tools.len == 0 && id_is_zero(&t->step)))
		return false;
	if (!t->trial)
		read.conversation = t->listeners.ids.conversation;
	t->tools = xcalloc(1, sizeof(*t->tools));
	buf_init(&t->tools->chat, OFFER_MAX);
	buf_init(&t->tools->responses, OFFER_MAX);
	id_format(&t->listeners.ids.conversation, t->tools->conversation);
	turn_enter(t, TURN_LOADING);
	t->call = store_call(
	    t->turns->store, MSG_TOOLS_READ, &read, STORE_TIMEOUT_MS, turn_tools_on_ready, t);
	if (t->call == NULL)
		turn_fail(t, TURN_STORE_DOWN);
	return true;
}

void
turn_tools_cancel(struct turn *t)
{
	for (size_t i = 0; t->tools != NULL && i < t->tools->steps_n; i++) {
		struct turn_step *step = &t->tools->steps[i];

		if (step->call != NULL)
			tool_call_cancel(step->call);
		step->call = NULL;
	}
	if (t->tools != NULL)
		t->tools->running = 0;
}

void
turn_tools_free(struct turn *t)
{
	struct turn_tools *tt = t->tools;

	if (tt == NULL)
		return;
	turn_tools_cancel(t);
	for (size_t i = 0; i < tt->n; i++)
		tool_clear(&tt->tools[i]);
	for (size_t i = 0; i < tt->steps_n; i++) {
		free(tt->steps[i].name);
		free(tt->steps[i].arguments);
		free(tt->steps[i].result);
		free(tt->steps[i].proposal);
	}
	tool_calls_clear(&tt->calls);
	buf_clear(&tt->chat);
	buf_clear(&tt->responses);
	free(tt->user_id);
	free(tt->visitor);
	free(tt->email);
	free(tt->phone);
	free(tt);
	t->tools = NULL;
}

void
turn_tools_reset(struct turn *t)
{
	t->wrote = false;
	t->round_start = buf_len(&t->listeners.text);
	t->gap = t->round_start > 0;
	if (t->tools != NULL)
		tool_calls_clear(&t->tools->calls);
}

void
turn_tools_read(struct turn *t, const struct openai_delta *d)
{
	if (t->tools->n > 0)
		tool_calls_read(&t->tools->calls, d);
}

void
turn_tools_offer(const struct turn *t, struct prompt_target *to)
{
	if (t->tools == NULL)
		return;
	to->tools = buf_slice(&t->tools->chat);
	to->tools_responses = buf_slice(&t->tools->responses);
}

/* The calls of a round, for the request. */
static size_t
turn_tools_calls_of(const struct turn_tools *tt, unsigned round, struct openai_call *calls)
{
	size_t n = 0;

	for (size_t i = 0; i < tt->steps_n; i++) {
		const struct turn_step *step = &tt->steps[i];

		if (step->round == round && step->over)
			calls[n++] = (struct openai_call){
			    .number = (unsigned)i + 1,
			    .name = slice_str(step->name),
			    /* Some servers parse them. */
			    .arguments =
				slice_str(step->bad_arguments ? "{}" : step->arguments),
			    .result = slice_str(step->result),
			};
	}
	return n;
}

int
turn_tools_write(const struct turn *t, struct openai_request *request)
{
	const struct slice text = buf_slice(&t->listeners.text);
	const struct turn_tools *tt = t->tools;
	struct openai_call calls[STEPS_MAX + 1];
	size_t from = 0;
	int rc = 0;

	for (unsigned round = 1; tt != NULL && rc == 0 && round <= tt->round; round++) {
		const size_t n = turn_tools_calls_of(tt, round, calls), to = tt->said[round];

		if (n > 0)
			rc = openai_add_calls(request,
			    utf8_trim((struct slice){text.p + from, to - from}), calls, n);
		from = to;
	}
	return rc;
}

/* Sends a step to storaged, which has it before the reply's end, which is sent behind it. NULL: too many requests wait. */
static struct store_call *
turn_tools_send(const struct turn_step *step, store_answer_fn *fn, struct turn *arg)
{
	const struct turn *t = step->turn;
	struct msg_step_record r = {
	    .v = RECORD_VERSION,
	    .id = step->id,
	    .org = t->org,
	    .conversation = t->listeners.ids.conversation,
	    .turn = t->listeners.ids.message,
	    .name = slice_str(step->name),
	    .state = (uint8_t)step->state,
	    .round = (uint8_t)(step->round < ROUNDS_MAX ? step->round : ROUNDS_MAX),
	    .arguments = slice_str(step->arguments),
	    .result = slice_str(step->result == NULL ? "" : step->result),
	    .status = (uint32_t)step->status,
	    .ms = step->ms,
	    .created_at = clock_wall_ms(),
	};
	struct store_call *call;
	struct buf record;

	if (step->tool != NULL)
		r.tool = step->tool->record.id;
	if (step->proposal != NULL) {
		r.class = (uint8_t)step->proposal->class;
		r.text = slice_str(step->proposal->text);
		r.shown = step->proposal->shown;
		r.user_id = slice_str(t->tools->user_id);
	}
	buf_init(&record, WIRE_FRAME_MAX);
	must(record_encode(&record, MSG_STEP_RECORD, &r) == 0);
	call = store_call(t->turns->store, MSG_STEP_PUT,
	    &(struct msg_step_put){.run = t->listeners.ids.run, .step = buf_slice(&record)},
	    STORE_TIMEOUT_MS, fn, arg);
	buf_clear(&record);
	return call;
}

static void
turn_tools_store(const struct turn_step *step)
{
	if (!step->turn->trial)
		(void)!turn_tools_send(step, NULL, NULL);
}

static void
turn_tools_end_step(struct turn_step *step, const struct tool_outcome *outcome)
{
	const struct turn *t = step->turn;

	step->over = true;
	step->state = outcome->state;
	step->status = outcome->status;
	step->ms = outcome->ms;
	step->result = slice_strdup(outcome->result);
	log_event(outcome->state == STEP_DONE ? LOG_INFO : LOG_WARN, "tool_called", L_TURN(t),
	    L_STR("tool", step->name), L_STR("state", step_state_words[outcome->state]),
	    L_INT("status", outcome->status), L_UINT("ms", outcome->ms));
	turn_tools_store(step);
}

/* A step that is not made: the model gets the reason. */
static void
turn_tools_refuse(struct turn_step *step, const char *why)
{
	struct tool_outcome outcome = {.state = STEP_FAILED};
	struct buf result;

	buf_init(&result, TOOL_RESULT_MAX);
	tool_result_fail(slice_str(why), &result);
	outcome.result = buf_slice(&result);
	turn_tools_end_step(step, &outcome);
	buf_clear(&result);
}

/* Why a step is not made; NULL: it is. */
static const char *
turn_tools_refusal(const struct turn_tools *tt, const struct turn_step *step)
{
	unsigned same = 0;

	if (step->round > ROUNDS_MAX || step == &tt->steps[STEPS_MAX])
		return "no more calls are possible: answer with what you have";
	if (step->tool == NULL)
		return "there is no such tool";
	for (const struct turn_step *before = tt->steps; before < step; before++)
		same += strcmp(before->name, step->name) == 0 &&
		    strcmp(before->arguments, step->arguments) == 0;
	return same >= SAME_MAX ? "this call was made before: use its result" : NULL;
}

static void turn_tools_go_on(struct turn *t);

static void
turn_tools_on_outcome(void *arg, const struct tool_outcome *outcome)
{
	struct turn_step *step = arg;

	step->call = NULL;
	step->turn->tools->running--;
	turn_tools_end_step(step, outcome);
	turn_tools_go_on(step->turn);
}

/* A trial does nothing: the model gets what would be sent. */
static void
turn_tools_pretend(struct turn_step *step, const struct tool_values *values)
{
	struct tool_outcome outcome = {.state = STEP_DONE};
	char why[TOOL_WHY_MAX];
	struct buf url, body, result;
	json_t *json;
	char *text;

	buf_init(&url, WIRE_FRAME_MAX);
	buf_init(&body, WIRE_FRAME_MAX);
	buf_init(&result, TOOL_RESULT_MAX);
	(void)!tool_show(step->tool, slice_str(step->arguments), values, &url, &body, why);
	json = json_pack("{s:s, s:s, s:s%, s:s%}", "trial",
	    "nothing was done, because the agent is only tried", "would_do",
	    step->proposal->text, "url", buf_data(&url), buf_len(&url), "body", buf_data(&body),
	    buf_len(&body));
	text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
	if (text == NULL || buf_append_str(&result, text) == -1)
		must(buf_append_str(&result, "{\"trial\":\"nothing was done\"}") == 0);
	free(step->proposal);
	step->proposal = NULL;
	outcome.result = buf_slice(&result);
	turn_tools_end_step(step, &outcome);
	json_decref(json);
	free(text);
	buf_clear(&url);
	buf_clear(&body);
	buf_clear(&result);
}

/* Whether the step is an action, which is not made now: it waits for a decision, or cannot be made. */
static bool
turn_tools_propose(struct turn_step *step, const struct tool_values *values)
{
	struct turn_tools *tt = step->turn->tools;
	struct tool_proposal *proposal;
	char why[TOOL_WHY_MAX];

	if (step->tool->record.class == TOOL_READ)
		return false;
	proposal = xcalloc(1, sizeof(*proposal));
	if (!tool_propose(step->tool, slice_str(step->arguments), values, proposal, why)) {
		free(proposal);
		turn_tools_refuse(step, why);
		return true;
	}
	if (step->turn->team_decides)
		proposal->class = TOOL_APPROVE;
	if (tt->waits != NULL) {
		free(proposal);
		turn_tools_refuse(
		    step, "one action at a time: another one waits for a decision first");
		return true;
	}
	step->proposal = proposal;
	if (step->turn->trial) {
		turn_tools_pretend(step, values);
		return true;
	}
	step->state = STEP_WAITING;
	step->over = true;
	tt->waits = step;
	return true;
}

static void
turn_tools_start(struct turn_step *step)
{
	struct turn *t = step->turn;
	struct turn_tools *tt = t->tools;
	const char *why = turn_tools_refusal(tt, step);
	const struct tool_values values = {
	    .user_id = slice_str(tt->user_id),
	    .name = slice_str(tt->visitor),
	    .email = slice_str(tt->email),
	    .phone = slice_str(tt->phone),
	    .conversation = slice_str(tt->conversation),
	};

	if (why != NULL) {
		turn_tools_refuse(step, why);
		return;
	}
	if (turn_tools_propose(step, &values))
		return;
	tt->running++;
	step->call = tool_call_start(t->turns->tools, step->tool, slice_str(step->arguments),
	    &values, NULL, turn_tools_on_outcome, step);
}

/* The step that waits is on disk; or it cannot wait. */
static void
turn_tools_on_waiting(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;
	struct turn_step *step = t->tools->waits;
	enum turn_failure why;

	t->call = NULL;
	if (type == MSG_OK) {
		log_event(LOG_INFO, "tool_waits", L_TURN(t), L_STR("tool", step->name),
		    L_STR("class", tool_class_words[step->proposal->class]));
		turn_tools_end_waiting(t);
		return;
	}
	t->tools->waits = NULL;
	if (store_refused(type, m, STORE_CONFLICT)) {
		free(step->proposal);
		step->proposal = NULL;
		turn_tools_refuse(step,
		    "the same action is under way, or nobody knows yet whether it was done, or "
		    "a person has taken over the conversation");
		turn_tools_go_on(t);
	} else if (turn_is_lost(type, m, &why)) {
		turn_lost(t, why);
	} else {
		turn_fail(t, store_failure(type, m));
	}
}

/* All other steps of the round are over: the reply ends once the step that waits is on disk. */
static void
turn_tools_wait(struct turn *t)
{
	t->call = turn_tools_send(t->tools->waits, turn_tools_on_waiting, t);
	if (t->call == NULL)
		turn_fail(t, TURN_STORE_DOWN);
}

/* Starts calls while there are places. When all are over, the next request follows: by the timer, as the transfer of the
 * response may be on the stack. */
static void
turn_tools_go_on(struct turn *t)
{
	struct turn_tools *tt = t->tools;
	bool over = true;

	for (size_t i = 0; i < tt->steps_n; i++) {
		struct turn_step *step = &tt->steps[i];

		if (!step->over && step->call == NULL && tt->running < SIDE_BY_SIDE)
			turn_tools_start(step);
		over &= step->over;
	}
	if (!over)
		return;
	if (tt->waits != NULL) {
		turn_tools_wait(t);
		return;
	}
	t->repairs = t->attempts;
	turn_enter(t, TURN_BACKOFF);
	turn_set_timer(t, 0);
}

/* An id for another step of this turn. False: there is none left. */
static bool
turn_tools_name_step(struct turn *t, struct id *id)
{
	if (t->tools->number == UINT8_MAX)
		return false;
	*id = t->listeners.ids.message;
	id->b[sizeof(id->b) - 1] = ++t->tools->number;
	return true;
}

/* Text that a record can have. */
static char *
turn_tools_text(struct slice text)
{
	return slice_strdup(
	    utf8_valid(text) && memchr(text.p, '\0', text.len) == NULL ? text : slice_str(""));
}

/* In one form, so that the same arguments are the same text. */
static void
turn_tools_set_arguments(struct turn_step *step, struct slice text)
{
	json_t *arguments = text.len > TOOL_ARGUMENTS_MAX ? NULL : tool_arguments_read(text);

	step->bad_arguments = true;
	step->arguments = NULL;
	if (arguments != NULL)
		step->arguments = json_dumps(arguments, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(arguments);
	if (step->arguments != NULL && strlen(step->arguments) <= TOOL_ARGUMENTS_MAX) {
		step->bad_arguments = false;
		return;
	}
	free(step->arguments);
	text.len = text.len > TOOL_ARGUMENTS_MAX ? 0 : text.len;
	step->arguments = turn_tools_text(text);
}

/* Adds the calls of the response; false: there are none that can be answered. */
static bool
turn_tools_add(struct turn *t)
{
	struct turn_tools *tt = t->tools;
	const size_t before = tt->steps_n;

	for (size_t i = 0; i < tt->calls.n && tt->steps_n <= STEPS_MAX; i++) {
		const struct slice name = buf_slice(&tt->calls.calls[i].name);
		struct turn_step *step = &tt->steps[tt->steps_n];
		struct id id;

		if (name.len == 0 || !turn_tools_name_step(t, &id))
			continue;
		*step = (struct turn_step){.turn = t, .id = id, .round = tt->round + 1};
		step->name = turn_tools_text(name);
		step->tool = turn_tools_find(tt, step->name);
		turn_tools_set_arguments(step, buf_slice(&tt->calls.calls[i].arguments));
		tt->steps_n++;
	}
	return tt->steps_n > before;
}

bool
turn_tools_run(struct turn *t)
{
	struct turn_tools *tt = t->tools;

	if (tt == NULL || tt->calls.n == 0 || t->hand_over.found ||
	    t->reply.status != MESSAGE_COMPLETE || tt->round > ROUNDS_MAX || !turn_tools_add(t))
		return false;
	tt->round++;
	tt->said[tt->round] = buf_len(&t->listeners.text);
	turn_cost_next(t);
	evtimer_del(&t->timer);
	turn_enter(t, TURN_CALLING);
	turn_checkpoint(t);
	turn_tools_go_on(t);
	return true;
}
