/*
 * Scenarios about replies: the turns are the worker's own, on real sockets; the steps play the listeners
 * (listener_steps.c), the store (store_steps.c) and the model (model_steps.c). Steps of the worker:
 *
 *	metric NAME N, metric NAME.LABEL N    waits for this value
 *	outcomes N                            of all turns that have ended
 *	trials N                              waits until so many run
 *	running N                             turns of this worker
 *	nothing_runs, nothing_is_followed, nothing_is_looked_up, all_turns_are_freed       wait for that
 *	drain                                 the worker is to exit
 *	report_shutdown                       ... without waiting for the store any longer
 *	limit NAME N                          a setting of struct turn_limits, or first_token_ms
 *	round                                 one iteration of the worker's loop
 *	one_ended LISTENER OTHER              exactly one of them
 *	forget_listeners                      they do not leave before the process exits
 */
#include "tests/unit/workerd/turn/turn_steps.h"

#include "tests/unit/workerd/turn/steps/turn_world.h"
#include "workerd/turn/turn_internal.h"

static void *
set_up(void)
{
	struct world *w = xcalloc(1, sizeof(*w));
	void *s;

	stage_setup(&s);
	w->s = s;
	w->values = values_new();
	return w;
}

static void
tear_down(void *world)
{
	struct world *w = world;
	void *s = w->s;

	for (size_t i = 0; i < w->listeners_n; i++)
		recorder_clear(&w->listeners[i].recorder);
	stage_teardown(&s);
	for (size_t i = 0; i < w->servers_n; i++)
		closefd(&w->servers[i].listener);
	values_free(w->values);
	free(w);
}

const char *
world_copy(struct world *w, const char *text)
{
	char *to = values_alloc(w->values, strlen(text) + 1);

	memcpy(to, text, strlen(text) + 1);
	return to;
}

const char *
step_option(const struct words *step, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 2; i < step->n; i++)
		if (strncmp(step->word[i], name, len) == 0 && step->word[i][len] == '=')
			return step->word[i] + len + 1;
	return NULL;
}

/* The metrics without labels, and those of turns and of the model's errors by label. */
static const struct {
	const char *name;
	size_t offset;
} metrics[] = {
#define COUNTER_NONE(field) {#field, offsetof(struct scoreboard_worker, field)},
#define GAUGE_NONE(field)   {#field, offsetof(struct scoreboard_worker, field)},
#define HISTOGRAM_NONE(field)
#define COUNTER_ROUTE(field)
#define COUNTER_RATE_LIMITED(field)
#define COUNTER_TURN(field)
#define COUNTER_MODEL_ERROR(field)
#define COUNTER_TOKENS(field)
#define COUNTER_WEBHOOK(field)
#define COUNTER_FOUND(field)
#define COUNTER_PROXY(field)
#define WORKER_METRIC(KIND, field, LABELS, name, help) KIND##_##LABELS(field)
#define TURN(NAME, value) \
	{"turns." value, offsetof(struct scoreboard_worker, turns[METRIC_TURN_##NAME])},
#define TOKENS(NAME, value) \
	{"tokens." value, offsetof(struct scoreboard_worker, tokens[METRIC_TOKENS_##NAME])},
#define MODEL_ERROR(NAME, value) \
	{"model_errors." value,  \
	    offsetof(struct scoreboard_worker, model_errors[METRIC_MODEL_ERROR_##NAME])},
#include "proto/ipc/metrics.def"
};

static void
expect_metric(struct world *w, const char *name, const char *number)
{
	uint64_t expected = strtoull(number, NULL, 10);
	const metric_cell *cell = NULL;

	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		if (strcmp(metrics[i].name, name) == 0)
			cell =
			    (const void *)((const uint8_t *)&w->s->board + metrics[i].offset);
	if (cell == NULL)
		scenario_fail("there is no metric %s", name);
	STAGE_UNTIL(w->s, metric_get(cell) == expected);
}

static void
expect_outcomes(struct world *w, uint64_t expected)
{
	uint64_t n = 0;

	for (size_t i = 0; i < METRIC_TURN_N; i++)
		n += metric_get(&w->s->board.turns[i]);
	assert_int_equal(n, expected);
}

static void
set_limit(struct turns *turns, const char *name, const char *number)
{
	struct turn_limits *limits = &turns->limits;
	size_t n = strtoul(number, NULL, 10);

	if (strcmp(name, "replies") == 0)
		limits->replies = n;
	else if (strcmp(name, "of_address") == 0)
		limits->of_address = n;
	else if (strcmp(name, "of_conversation") == 0)
		limits->of_conversation = (uint8_t)n;
	else if (strcmp(name, "bytes") == 0)
		limits->bytes = n;
	else if (strcmp(name, "text") == 0)
		limits->text = n;
	else if (strcmp(name, "first_token_ms") == 0)
		turns->first_token_ms = (unsigned)n;
	else if (strcmp(name, "abandoned_ms") == 0)
		limits->abandoned_ms = (unsigned)n;
	else
		scenario_fail("there is no limit %s", name);
	turn_limits_clear(turns);
	turn_limits_start(turns);
}

static bool
worker_step(struct world *w, const struct words *step)
{
	const char *verb = step->word[0];
	struct stage *s = w->s;

	if (strcmp(verb, "outcomes") == 0 && step->n == 2) {
		expect_outcomes(w, strtoull(step->word[1], NULL, 10));
	} else if (strcmp(verb, "trials") == 0 && step->n == 2) {
		STAGE_UNTIL(s, s->turns.trials.used == strtoul(step->word[1], NULL, 10));
	} else if (strcmp(verb, "metric") == 0 && step->n == 3) {
		expect_metric(w, step->word[1], step->word[2]);
	} else if (strcmp(verb, "running") == 0 && step->n == 2) {
		assert_int_equal(
		    turn_service_running(&s->turns), strtoul(step->word[1], NULL, 10));
	} else if (strcmp(verb, "nothing_runs") == 0) {
		STAGE_UNTIL(s, turn_service_running(&s->turns) == 0);
	} else if (strcmp(verb, "all_turns_are_freed") == 0) {
		STAGE_UNTIL(s, LIST_EMPTY(&s->turns.running));
	} else if (strcmp(verb, "nothing_is_followed") == 0) {
		STAGE_UNTIL(s, TAILQ_EMPTY(&s->turns.remote));
		expect_metric(w, "turns_followed", "0");
	} else if (strcmp(verb, "nothing_is_looked_up") == 0) {
		STAGE_UNTIL(s, LIST_EMPTY(&s->turns.lookups));
	} else if (strcmp(verb, "limit") == 0 && step->n == 3) {
		set_limit(&s->turns, step->word[1], step->word[2]);
	} else if (strcmp(verb, "drain") == 0) {
		turn_service_interrupt(&s->turns);
	} else if (strcmp(verb, "report_shutdown") == 0) {
		turn_service_report_shutdown(&s->turns);
	} else if (strcmp(verb, "round") == 0) {
		stage_turn(s);
	} else if (strcmp(verb, "one_ended") == 0 && step->n == 3) {
		assert_int_equal(listener_named(w, step->word[1])->ends +
			listener_named(w, step->word[2])->ends,
		    1);
	} else if (strcmp(verb, "forget_listeners") == 0) {
		for (size_t i = 0; i < w->listeners_n; i++)
			w->listeners[i].recorder.listener = NULL;
	} else {
		return false;
	}
	return true;
}

static bool
run_step(void *world, const struct words *step)
{
	struct world *w = world;

	if (worker_step(w, step))
		return true;
	if (step->n == 1)
		return false;
	if (strcmp(step->word[0], "store") == 0)
		return store_step(w, step);
	if (strcmp(step->word[0], "model") == 0)
		return model_step(w, step);
	return listener_step(w, step);
}

const struct scenario_subject turn_scenarios = {set_up, tear_down, run_step, NULL};
