/*
 * The steps of scenarios about replies. The turns are the worker's own, on real sockets; the steps play
 * the store, the model and the listeners. A listener may have any name.
 *
 *	LISTENER begins [client_id=ID] [visitor=TOKEN] [refused]        sends the message "hello"
 *	LISTENER joins REPLY [POSITION] [refused]
 *	LISTENER stops REPLY [refused]
 *	LISTENER tries [SERVER] [refused]     an agent, with three messages
 *	LISTENER leaves
 *	LISTENER makes OTHER leave at start|token|end     within that call
 *	LISTENER started [POSITION]           waits for the start of the reply
 *	LISTENER heard "text"                 waits for this text, in all tokens so far
 *	LISTENER done STATUS "text"           waits for the end of the reply, and compares it
 *	LISTENER failed FAILURE               (enum turn_failure, in lower case)
 *	LISTENER silent                       was not called yet
 *	LISTENER waits                        the reply has not ended
 *	LISTENER tokens N
 *	LISTENER prompt_tokens N
 *	store gets MESSAGE FIELD=VALUE ... [-> ANSWER ...]     waits for a request
 *	store gets MESSAGE ... as NAME        and answers later:
 *	store answers NAME ANSWER ...
 *	store gets nothing
 *	store sends MESSAGE FIELD=VALUE ...
 *	store reconnects                      a new connection of the worker replaces the old one
 *	store disconnects                     the worker has no connection until it reconnects
 *	store goes                            no connection is accepted any more
 *	store queue_is_full                   no request fits into the worker's queue
 *	store connection_is_full              no notification fits into the connection's buffer
 *	store finds MESSAGE FIELD=VALUE ...   ... behind those that filled it
 *	store keeps_answering LISTENER ANSWER ...      each request, until the listener's reply ends
 *	model gets_request [server=NAME] [with="text in it"] [without="text"]
 *	model gets_nothing
 *	model answers                         the status line and the header fields
 *	model says "text"                     an event with this text (as in JSON)
 *	model sends "bytes"
 *	model ends                            the end of the response
 *	model closes
 *	model_server NAME HOST [KEY [FAILURES]]      adds a server, whose breaker opens after so many
 *	model is_left                         the worker has closed the connection
 *	metric NAME N, metric NAME.LABEL N    waits for this value
 *	outcomes N                            of all turns that have ended
 *	trials N                              waits until so many run
 *	running N                             turns of this worker
 *	nothing_runs, nothing_is_followed, nothing_is_looked_up, all_turns_are_freed       wait for that
 *	drain                                 the worker is to exit
 *	report_shutdown                       ... without waiting for the store any longer
 *	round                                 one iteration of the worker's loop
 *	one_ended LISTENER OTHER              exactly one of them
 *	forget_listeners                      they do not leave before the process exits
 */
#include "tests/unit/workerd/turn/turn_steps.h"

#include <errno.h>

#include "tests/unit/scenario/message_text.h"
#include "tests/unit/workerd/turn/listener_recorder.h"

#define LISTENERS_MAX 40
#define REQUESTS_MAX  8

struct listener {
	const char *name;
	struct recorder recorder;
};

/* A request that the store has not answered yet. */
struct kept_request {
	const char *name;
	uint64_t number;
};

struct server {
	const char *name;
	int listener;
};

struct world {
	struct stage *s;
	struct values *values;
	struct listener listeners[LISTENERS_MAX];
	struct kept_request kept[REQUESTS_MAX];
	struct server servers[2];
	size_t servers_n;
	size_t listeners_n, kept_n;
};

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

static const char *
copy(struct world *w, const char *text)
{
	char *to = values_alloc(w->values, strlen(text) + 1);

	memcpy(to, text, strlen(text) + 1);
	return to;
}

static struct recorder *
find_listener(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->listeners_n; i++)
		if (strcmp(w->listeners[i].name, name) == 0)
			return &w->listeners[i].recorder;
	return NULL;
}

static struct recorder *
listener_named(struct world *w, const char *name)
{
	struct recorder *e = find_listener(w, name);

	if (e == NULL)
		scenario_fail("there is no listener \"%s\"", name);
	return e;
}

/* A new one with this name replaces the old one. */
static struct recorder *
new_listener(struct world *w, const char *name)
{
	struct recorder *e = find_listener(w, name);

	if (e != NULL)
		recorder_clear(e);
	else if (w->listeners_n == LISTENERS_MAX)
		scenario_fail("more than %d listeners", LISTENERS_MAX);
	else {
		w->listeners[w->listeners_n].name = copy(w, name);
		e = &w->listeners[w->listeners_n++].recorder;
	}
	*e = recorder_new();
	return e;
}

static const char *
option(const struct words *step, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 2; i < step->n; i++)
		if (strncmp(step->word[i], name, len) == 0 && step->word[i][len] == '=')
			return step->word[i] + len + 1;
	return NULL;
}

static void
begin(struct world *w, struct recorder *e, const struct words *step)
{
	const char *client_id = option(step, "client_id"), *token = option(step, "visitor");
	struct hash256 visitor = {{0}};
	struct turn_request request = {
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str("visitor"),
	    .text = slice_str("hello"),
	    .client_id = slice_str(client_id == NULL ? "" : client_id),
	};

	if (token != NULL) {
		visitor = values_hash(token);
		request.visitor = &visitor;
	}
	e->listener = turn_begin(&w->s->turns, &request, &recorder_sink, e);
}

static void
add_message(struct buf *list, enum message_role role, const char *text)
{
	const struct msg_message_record message = {.v = RECORD_VERSION,
	    .id = id_new(),
	    .role = (uint8_t)role,
	    .text = slice_str(text)};
	struct buf record;

	buf_init(&record, WIRE_FRAME_MAX);
	assert_int_equal(record_encode(&record, MSG_MESSAGE_RECORD, &message), 0);
	assert_int_equal(wire_list_add(list, buf_slice(&record)), 0);
	buf_clear(&record);
}

/* The agent and the messages are overwritten before the model is asked. */
static void
try_agent(struct world *w, struct recorder *e, const char *server)
{
	char purpose[] = "Sell tea.";
	struct msg_agent_record agent = {
	    .v = RECORD_VERSION, .purpose = slice_str(purpose), .key_name = slice_str(server)};
	struct turn_trial trial = {.agent = &agent, .name = slice_str("admin-1")};
	struct buf messages;

	buf_init(&messages, WIRE_FRAME_MAX);
	add_message(&messages, MESSAGE_USER, "first");
	add_message(&messages, MESSAGE_ASSISTANT, "second");
	add_message(&messages, MESSAGE_USER, "third");
	trial.messages = buf_slice(&messages);
	if (w->s->store.fd == -1)
		store_accept(w->s);
	e->listener = turn_try(&w->s->turns, &trial, &recorder_sink, e);
	buf_wipe(&messages);
	memset(purpose, 0, sizeof(purpose));
}

/* begins, joins, stops, tries. False: another verb. */
static bool
request_step(struct world *w, const struct words *step)
{
	bool refused = strcmp(step->word[step->n - 1], "refused") == 0;
	size_t n = step->n - refused;
	const char *verb = step->word[1];
	struct reply_ref reference;
	struct recorder *e;
	struct id reply;

	if (strcmp(verb, "begins") == 0) {
		e = new_listener(w, step->word[0]);
		begin(w, e, step);
	} else if (strcmp(verb, "tries") == 0) {
		e = new_listener(w, step->word[0]);
		try_agent(w, e, n > 2 ? step->word[2] : "");
	} else if ((strcmp(verb, "joins") == 0 || strcmp(verb, "stops") == 0) && n > 2) {
		e = new_listener(w, step->word[0]);
		reply = values_id(w->values, step->word[2]);
		reference = reference_to(&reply);
		e->listener = strcmp(verb, "stops") == 0
		    ? turn_stop(&w->s->turns, &reference, &recorder_sink, e)
		    : turn_join(&w->s->turns, &reference,
			  n > 3 ? strtoull(step->word[3], NULL, 10) : 0, &recorder_sink, e);
	} else {
		return false;
	}
	if (refused != (e->listener == NULL))
		scenario_fail("the listener is%s refused", refused ? " not" : "");
	return true;
}

static const char *const failures[] = {
    [TURN_STORE_DOWN] = "store_down",
    [TURN_STORE_FULL] = "store_full",
    [TURN_MODEL_DOWN] = "model_down",
    [TURN_MODEL_SLOW] = "model_slow",
    [TURN_MODEL_BUSY] = "model_busy",
    [TURN_MODEL_UNAVAILABLE] = "model_unavailable",
    [TURN_TOO_LONG] = "too_long",
    [TURN_SHUTDOWN] = "shutdown",
    [TURN_ERASED] = "erased",
    [TURN_INTERRUPTED] = "interrupted",
    [TURN_CONFLICT] = "conflict",
    [TURN_NOT_FOUND] = "not_found",
    [TURN_VISITOR_GONE] = "visitor_gone",
    [TURN_CONTACT_REQUIRED] = "contact_required",
    [TURN_CAPPED] = "capped",
    [TURN_AGENT_DISABLED] = "agent_disabled",
};

static void
expect_equal_text(const char *what, const struct buf *got, struct slice expected)
{
	if (!slice_eq(buf_slice(got), expected))
		scenario_fail("%s: \"%.*s\"", what,
		    (int)(buf_len(got) < 500 ? buf_len(got) : 500),
		    (const char *)buf_data(got));
}

static void
expect_end(struct world *w, struct recorder *e, const struct words *step)
{
	const char *expected = step->word[2], *failure;

	STAGE_UNTIL(w->s, e->ends > 0);
	assert_int_equal(e->ends, 1);
	failure = e->done ? "nothing" : failures[e->failure];
	if (strcmp(step->word[1], "failed") == 0) {
		if (strcmp(failure, expected) != 0)
			scenario_fail("the reply failed because of %s", failure);
		return;
	}
	if (!e->done)
		scenario_fail("the reply is not done, but failed because of %s", failure);
	if (e->reply.status != values_number(w->values, expected, NULL, "status"))
		scenario_fail("the reply's status is %u", e->reply.status);
	expect_equal_text("the reply", &e->message, values_bytes(w->values, step->word[3]));
}

static enum recorder_call
call_named(const char *name)
{
	static const char *const names[] = {"nothing", "start", "token", "end"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum recorder_call)i;
	scenario_fail("listeners have no call \"%s\"", name);
}

static void
expect_position(const struct recorder *e, const struct words *step)
{
	if (step->n > 2 && e->position != strtoull(step->word[2], NULL, 10))
		scenario_fail("the listener starts at %zu", e->position);
}

static bool
listener_step(struct world *w, const struct words *step)
{
	const char *verb = step->word[1];
	struct recorder *e = listener_named(w, step->word[0]);
	struct stage *s = w->s;
	struct slice text;

	if (strcmp(verb, "leaves") == 0) {
		recorder_leave(e);
	} else if (strcmp(verb, "makes") == 0 && step->n == 6) {
		e->drops = listener_named(w, step->word[2]);
		e->drops_at = call_named(step->word[5]);
	} else if (strcmp(verb, "started") == 0) {
		STAGE_UNTIL(s, e->starts == 1);
		expect_position(e, step);
	} else if (strcmp(verb, "heard") == 0 && step->n == 3) {
		text = values_bytes(w->values, step->word[2]);
		STAGE_UNTIL(s, buf_len(&e->text) >= text.len);
		expect_equal_text("heard", &e->text, text);
	} else if (strcmp(verb, "tokens") == 0 && step->n == 3) {
		assert_int_equal(e->tokens, strtoul(step->word[2], NULL, 10));
	} else if ((strcmp(verb, "done") == 0 && step->n == 4) ||
	    (strcmp(verb, "failed") == 0 && step->n == 3)) {
		expect_end(w, e, step);
	} else if (strcmp(verb, "prompt_tokens") == 0 && step->n == 3) {
		assert_int_equal(e->reply.prompt_tokens, strtoul(step->word[2], NULL, 10));
	} else if (strcmp(verb, "silent") == 0) {
		assert_int_equal(e->starts + e->tokens + e->ends, 0);
	} else if (strcmp(verb, "waits") == 0) {
		assert_int_equal(e->ends, 0);
	} else {
		return false;
	}
	return true;
}

/* MESSAGE FIELD=VALUE ... or error CODE, from this word on. */
static void
answer(struct world *w, uint64_t request, const struct words *step, size_t from)
{
	const struct msg_desc *d = message_text_desc(step->word[from]);
	const char *const *fields = step->word + from + 1;
	size_t n = step->n - from - 1;
	char code[64];
	const char *code_field = code;
	union msg m;

	if (d->type == MSG_ERROR && n == 1) {
		snprintf(code, sizeof(code), "code=%s", fields[0]);
		fields = &code_field;
	}
	message_text_read(w->values, d, fields, n, &m);
	store_answer(w->s, request, (enum msg_type)d->type, &m);
}

/* store gets MESSAGE FIELD=VALUE ... [-> ANSWER ...] [as NAME] */
static void
expect_request(struct world *w, const struct words *step)
{
	const struct msg_desc *d = message_text_desc(step->word[2]);
	size_t end = 3;
	uint64_t request;
	union msg m;

	if (w->s->store.fd == -1)
		store_accept(w->s);
	request = store_expect(w->s, (enum msg_type)d->type, &m);
	while (end < step->n && strcmp(step->word[end], "->") != 0 &&
	    strcmp(step->word[end], "as") != 0)
		end++;
	message_text_expect(w->values, d, step->word + 3, end - 3, &m);
	if (end + 1 >= step->n)
		return;
	if (step->word[end][0] == '-') {
		answer(w, request, step, end + 1);
		return;
	}
	if (w->kept_n == REQUESTS_MAX)
		scenario_fail("more than %d requests wait for an answer", REQUESTS_MAX);
	w->kept[w->kept_n++] = (struct kept_request){copy(w, step->word[end + 1]), request};
}

static uint64_t
take_kept(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->kept_n; i++)
		if (strcmp(w->kept[i].name, name) == 0) {
			uint64_t number = w->kept[i].number;

			w->kept[i] = w->kept[--w->kept_n];
			return number;
		}
	scenario_fail("no request has the name \"%s\"", name);
}

/* So that no small request fits either. */
static void
fill_queue(struct stage *s)
{
	static char text[TURN_REPLY_MAX];
	struct msg_turn_finish large = {.text = {(const uint8_t *)text, sizeof(text)}};

	memset(text, 'x', sizeof(text));
	while (store_call(s->turns.store, MSG_TURN_FINISH, &large, 0, NULL, NULL) != NULL)
		continue;
}

/* Pieces of other replies wait for a store that does not read. */
static void
fill_connection(struct stage *s)
{
	static char text[TURN_REPLY_MAX];
	struct msg_live_publish others = {
	    .turn = id_new(), .text = {(const uint8_t *)text, sizeof(text)}};

	memset(text, 'x', sizeof(text));
	while (store_send(s->turns.store, MSG_LIVE_PUBLISH, &others) == 0)
		continue;
}

static void
find_request(struct world *w, const struct words *step)
{
	const struct msg_desc *d = message_text_desc(step->word[2]);
	struct id turn = values_known_id(w->values, option(step, "turn"));
	struct frame f;
	union msg m;

	/* The turn is the first field of all notifications. */
	STAGE_UNTIL(w->s,
	    store_has_request(w->s, &f, &m) && f.type == d->type &&
		id_equal((const struct id *)(const void *)&m, &turn));
	message_text_expect(w->values, d, step->word + 3, step->n - 3, &m);
}

static void
keep_answering(struct world *w, const struct words *step)
{
	const struct recorder *e = listener_named(w, step->word[2]);
	uint64_t end = clock_mono_ms() + STAGE_LIMIT_MS;
	struct frame f;
	union msg m;

	if (w->s->store.fd == -1)
		store_accept(w->s);
	while (e->ends == 0) {
		if (clock_mono_ms() > end)
			scenario_fail("the reply does not end");
		stage_turn(w->s);
		if (store_has_request(w->s, &f, &m))
			answer(w, f.request, step, 3);
	}
}

static bool
store_step(struct world *w, const struct words *step)
{
	const char *verb = step->word[1];
	struct stage *s = w->s;

	if (strcmp(verb, "gets") == 0 && step->n == 3 && strcmp(step->word[2], "nothing") == 0)
		store_expect_nothing(s);
	else if (strcmp(verb, "gets") == 0 && step->n >= 3)
		expect_request(w, step);
	else if (strcmp(verb, "answers") == 0 && step->n >= 4)
		answer(w, take_kept(w, step->word[2]), step, 3);
	else if (strcmp(verb, "sends") == 0 && step->n >= 3)
		answer(w, 0, step, 2);
	else if (strcmp(verb, "reconnects") == 0)
		store_accept(s);
	else if (strcmp(verb, "disconnects") == 0)
		channel_close(&s->store);
	else if (strcmp(verb, "goes") == 0) {
		closefd(&s->store_listener);
		channel_close(&s->store);
	} else if (strcmp(verb, "queue_is_full") == 0)
		fill_queue(s);
	else if (strcmp(verb, "connection_is_full") == 0)
		fill_connection(s);
	else if (strcmp(verb, "finds") == 0 && step->n > 3)
		find_request(w, step);
	else if (strcmp(verb, "keeps_answering") == 0 && step->n > 3)
		keep_answering(w, step);
	else
		return false;
	return true;
}

/* Stops early if the worker closes the connection. */
static void
send_bytes(struct world *w, const char *text)
{
	struct slice bytes = values_bytes(w->values, text);

	while (bytes.len > 0) {
		ssize_t n = send(w->s->model, bytes.p, bytes.len, MSG_NOSIGNAL);

		if (n == -1 && errno != EAGAIN)
			return;
		if (n == -1) {
			stage_turn(w->s);
			continue;
		}
		bytes.p += n;
		bytes.len -= (size_t)n;
	}
}

/* Adds a model server of this host, which reaches the loopback address. */
static void
add_server(struct world *w, const struct words *step)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	struct server *server = &w->servers[w->servers_n++];
	char url[96];
	struct upstream_config config = {.base = w->s->base,
	    .board = &w->s->board,
	    .name = server->name = copy(w, step->word[1]),
	    .url = url,
	    .key = step->n > 3 ? step->word[3] : NULL,
	    .connect_ms = 10000,
	    .first_byte_ms = 60000,
	    .idle_ms = 60000,
	    .rest_ms = 60000,
	    .breaker_failures = step->n > 4 ? (unsigned)atoi(step->word[4]) : 0,
	    .breaker_open_ms = 60000};

	server->listener = listen_on((const struct sockaddr *)&in, sizeof(in));
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&in, &len), 0);
	snprintf(url, sizeof(url), "http://%s:%u/v1/chat/completions", step->word[2],
	    ntohs(in.sin_port));
	model_servers_add(&w->s->turns.servers, &config);
}

static int
server_named(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->servers_n; i++)
		if (name != NULL && strcmp(w->servers[i].name, name) == 0)
			return w->servers[i].listener;
	return w->s->model_listener;
}

/* Reads until the text is in the request; without one, the first bytes. */
static void
take_question(struct world *w, const struct words *step)
{
	const char *with = option(step, "with"), *without = option(step, "without");
	char question[8192] = "";
	struct stage *s = w->s;
	size_t len = 0;

	closefd(&s->model);
	s->model = stage_accept(s, server_named(w, option(step, "server")));
	with = with == NULL ? "" : (const char *)values_bytes(w->values, with).p;
	do {
		ssize_t n = 0;

		STAGE_UNTIL(
		    s, (n = recv(s->model, question + len, sizeof(question) - 1 - len, 0)) > 0);
		len += (size_t)n;
		question[len] = '\0';
	} while (strstr(question, with) == NULL);
	if (without != NULL && strstr(question, without) != NULL)
		scenario_fail("%s is in the request", without);
}

static bool
model_step(struct world *w, const struct words *step)
{
	const char *verb = step->word[1];
	struct stage *s = w->s;

	if (strcmp(verb, "gets_request") == 0) {
		take_question(w, step);
	} else if (strcmp(verb, "gets_nothing") == 0) {
		assert_int_equal(accept(s->model_listener, NULL, NULL), -1);
	} else if (strcmp(verb, "answers") == 0) {
		model_answer(s);
	} else if (strcmp(verb, "says") == 0 && step->n == 3) {
		send_bytes(
		    w, "\"data: {\\\"choices\\\":[{\\\"delta\\\":{\\\"content\\\":\\\"\"");
		send_bytes(w, step->word[2]);
		send_bytes(w, "\"\\\"}}]}\\n\\n\"");
	} else if (strcmp(verb, "sends") == 0 && step->n == 3) {
		send_bytes(w, step->word[2]);
	} else if (strcmp(verb, "ends") == 0) {
		model_end(s);
	} else if (strcmp(verb, "closes") == 0) {
		closefd(&s->model);
	} else if (strcmp(verb, "is_left") == 0) {
		STAGE_UNTIL(s, model_is_left(s));
	} else {
		return false;
	}
	return true;
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

static bool
worker_step(struct world *w, const struct words *step)
{
	const char *verb = step->word[0];
	struct stage *s = w->s;

	if (strcmp(verb, "model_server") == 0 && step->n >= 3) {
		add_server(w, step);
	} else if (strcmp(verb, "outcomes") == 0 && step->n == 2) {
		expect_outcomes(w, strtoull(step->word[1], NULL, 10));
	} else if (strcmp(verb, "trials") == 0 && step->n == 2) {
		STAGE_UNTIL(s, s->turns.trials == strtoul(step->word[1], NULL, 10));
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
	return request_step(w, step) || listener_step(w, step);
}

const struct scenario_subject turn_scenarios = {set_up, tear_down, run_step, NULL};
