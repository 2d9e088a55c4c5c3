/*
 * A run: take → (request) → end.
 */
#include "workerd/actions/action_runner.h"

#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/tools/tool.h"
#include "workerd/turn/turn.h"

#define RETRY_MS 1000

/* storaged takes the request for lost 5 s after the tool's own time; so much of that may pass until it begins. */
#define BEGIN_MS 3000

struct action_run {
	LIST_ENTRY(action_run) link;
	struct action_runner *runner;
	struct id conversation, step, run;
	uint64_t asked_at; /* storaged, clock_boot_ms() */
	struct store_call *store;
	struct tool_call *call;
	struct event retry;
	struct msg_step_end end; /* its result is owned */
	char *result;
};

struct action_runner {
	struct turns *turns;
	LIST_HEAD(, action_run) runs;
	size_t n;
};

static void
action_run_free(struct action_run *run)
{
	if (run->store != NULL)
		store_call_forget(run->store);
	if (run->call != NULL)
		tool_call_cancel(run->call);
	event_del(&run->retry);
	LIST_REMOVE(run, link);
	run->runner->n--;
	free(run->result);
	free(run);
}

static void action_run_send_end(struct action_run *run);

/* Only an answer that says so ends it: until then, storaged may not know. */
static void
action_run_on_ended(void *arg, uint16_t type, const union msg *m)
{
	const struct timeval in = clock_timeval(RETRY_MS);
	struct action_run *run = arg;

	run->store = NULL;
	if (type == MSG_OK || store_refused(type, m, STORE_TAKEN) ||
	    store_refused(type, m, STORE_NOT_FOUND) || store_refused(type, m, STORE_INVALID))
		action_run_free(run);
	else
		evtimer_add(&run->retry, &in);
}

static void
action_run_on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	action_run_send_end(arg);
}

static void
action_run_send_end(struct action_run *run)
{
	const struct timeval in = clock_timeval(RETRY_MS);

	run->store = store_call(run->runner->turns->store, MSG_STEP_END, &run->end,
	    STORE_TIMEOUT_MS, action_run_on_ended, run);
	if (run->store == NULL)
		evtimer_add(&run->retry, &in);
}

static void
action_run_on_outcome(void *arg, const struct tool_outcome *outcome)
{
	struct action_run *run = arg;

	run->call = NULL;
	run->result = slice_strdup(outcome->result);
	run->end.state = (uint8_t)outcome->state;
	run->end.status = (uint32_t)outcome->status;
	run->end.ms = outcome->ms;
	run->end.result = slice_str(run->result);
	log_event(outcome->state == STEP_DONE ? LOG_INFO : LOG_WARN, "action_made",
	    L_ID("step", &run->step), L_STR("state", step_state_words[outcome->state]),
	    L_INT("status", outcome->status), L_UINT("ms", outcome->ms));
	action_run_send_end(run);
}

/* Nothing was sent. */
static void
action_run_refuse(struct action_run *run, const char *why)
{
	struct tool_outcome outcome = {.state = STEP_FAILED};
	struct buf result;

	buf_init(&result, TOOL_RESULT_MAX);
	tool_result_fail(slice_str(why), &result);
	outcome.result = buf_slice(&result);
	action_run_on_outcome(run, &outcome);
	buf_clear(&result);
}

static void
action_run_call(struct action_run *run, const struct tool *t,
    const struct msg_step_record *step, const struct msg_step_taken *taken)
{
	char conversation[ID_TEXT_LEN + 1], key[ID_TEXT_LEN + 1], why[TOOL_WHY_MAX];
	struct tool_values values = {
	    .user_id = step->user_id,
	    .name = taken->name,
	    .email = taken->email,
	    .phone = taken->phone,
	};
	struct tool_proposal proposal;

	id_format(&run->conversation, conversation);
	id_format(&run->step, key);
	values.conversation = slice_str(conversation);
	run->end.again = t->record.idempotent;
	if (!tool_propose(t, step->arguments, &values, &proposal, why))
		action_run_refuse(run, why);
	else if (proposal.class > step->class && step->decider != DECIDED_BY_OPERATOR)
		action_run_refuse(
		    run, "this needs the decision of the team now: propose it again");
	else if (!hash_equal(&proposal.shown, &step->shown))
		action_run_refuse(run, "what would be done is not what was shown any more");
	else
		run->call = tool_call_start(run->runner->turns->tools, t, step->arguments,
		    &values, key, action_run_on_outcome, run);
}

static void
action_run_start(struct action_run *run, const struct msg_step_taken *taken)
{
	struct msg_step_record step;
	struct tool t;

	must(record_decode(taken->step, MSG_STEP_RECORD, &step) == WIRE_OK);
	/* This process was stopped meanwhile: a person may have heard that nobody knows whether it was done. */
	if (clock_boot_ms() - run->asked_at > BEGIN_MS) {
		action_run_refuse(run, "it could not be sent in time");
		return;
	}
	if (taken->tool.len == 0 || !tool_init(&t, taken->tool)) {
		action_run_refuse(run, "this tool is not there any more");
		return;
	}
	action_run_call(run, &t, &step, taken);
	tool_clear(&t);
}

static void
action_run_on_taken(void *arg, uint16_t type, const union msg *m)
{
	struct action_run *run = arg;

	run->store = NULL;
	if (type == MSG_STEP_TAKEN && m->step_taken.runs) {
		action_run_start(run, &m->step_taken);
		return;
	}
	if (type == MSG_STEP_TAKEN)
		turn_begin_step(run->runner->turns, &m->step_taken);
	action_run_free(run);
}

static bool
action_runner_has(const struct action_runner *r, const struct id *step)
{
	const struct action_run *run;

	LIST_FOREACH (run, &r->runs, link)
		if (id_equal(&run->step, step))
			return true;
	return false;
}

static void
action_runner_take(struct action_runner *r, const struct msg_live_step *m)
{
	const struct msg_step_take take = {
	    .conversation = m->conversation, .step = m->step, .run = id_new()};
	struct action_run *run;

	if (action_runner_has(r, &m->step))
		return;
	run = xcalloc(1, sizeof(*run));
	run->runner = r;
	run->conversation = m->conversation;
	run->step = m->step;
	run->run = take.run;
	run->asked_at = clock_boot_ms();
	run->end = (struct msg_step_end){
	    .conversation = m->conversation, .step = m->step, .run = take.run};
	must(evtimer_assign(&run->retry, r->turns->base, action_run_on_retry, run) == 0);
	LIST_INSERT_HEAD(&r->runs, run, link);
	r->n++;
	run->store = store_call(
	    r->turns->store, MSG_STEP_TAKE, &take, STORE_TIMEOUT_MS, action_run_on_taken, run);
	/* storaged asks again. */
	if (run->store == NULL)
		action_run_free(run);
}

static void
action_runner_on_message(void *arg, uint16_t type, const union msg *m)
{
	if (type == MSG_LIVE_STEP)
		action_runner_take(arg, &m->live_step);
}

struct action_runner *
action_runner_new(struct turns *turns)
{
	static const struct store_events events = {.notification = action_runner_on_message};
	struct action_runner *r = xcalloc(1, sizeof(*r));

	r->turns = turns;
	LIST_INIT(&r->runs);
	store_client_listen(turns->store, &events, r);
	return r;
}

size_t
action_runner_running(const struct action_runner *r)
{
	return r->n;
}

void
action_runner_free(struct action_runner *r)
{
	struct action_run *run;

	while (r != NULL && (run = LIST_FIRST(&r->runs)) != NULL)
		action_run_free(run);
	free(r);
}
