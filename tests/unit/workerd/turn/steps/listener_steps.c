/*
 * Steps of listeners, which may have any names:
 *
 *	LISTENER begins [client_id=ID] [visitor=TOKEN] [source=N] [org=N] [client=ADDRESS] [accepted=1] [refused]
 *	                                      sends the message "hello"; N: of the client's address
 *	LISTENER joins REPLY [POSITION] [refused]
 *	LISTENER stops REPLY [refused]
 *	LISTENER tries [SERVER] [refused]     an agent, with three messages
 *	LISTENER leaves
 *	LISTENER makes OTHER leave at start|token|end     within that call
 *	LISTENER started [POSITION]           waits for the start of the reply
 *	LISTENER heard "text"                 waits for this text, in all tokens so far
 *	LISTENER cited "1@5:title:url "      waits for these places that cite sources
 *	LISTENER done STATUS "text"           waits for the end of the reply, and compares it
 *	LISTENER failed FAILURE ["text"]      (enum turn_failure, in lower case), with storaged's text for the visitor
 *	LISTENER silent                       was not called yet
 *	LISTENER waits                        the reply has not ended
 *	LISTENER tokens N
 *	LISTENER prompt_tokens N
 */
#include "tests/unit/workerd/turn/steps/turn_world.h"

static void
recorder_leave(struct recorder *e)
{
	struct turn_listener *l = e->listener;

	e->listener = NULL;
	if (l != NULL)
		turn_leave(l);
}

static void
recorder_called(struct recorder *e, enum recorder_call call)
{
	if (e->drops_at == call)
		recorder_leave(e->drops);
}

static void
recorder_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct recorder *e = arg;

	assert_non_null(e->listener);
	assert_int_equal(e->tokens, 0);
	e->starts++;
	e->ids = *ids;
	e->position = position;
	recorder_called(e, AT_START);
}

static void
recorder_token(void *arg, struct slice text)
{
	struct recorder *e = arg;

	assert_non_null(e->listener);
	assert_int_equal(e->starts, 1);
	assert_true(text.len > 0 && utf8_valid(text));
	assert_int_equal(buf_append(&e->text, text.p, text.len), 0);
	e->tokens++;
	recorder_called(e, AT_TOKEN);
}

static void
recorder_source(void *arg, const struct turn_source *source)
{
	struct recorder *e = arg;

	assert_non_null(e->listener);
	assert_int_equal(e->starts, 1);
	assert_int_equal(
	    buf_printf(&e->sources, "%u@%zu:%.*s:%.*s ", source->n, source->position,
		(int)source->title.len, (const char *)source->title.p, (int)source->url.len,
		(const char *)source->url.p),
	    0);
}

static void
recorder_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct recorder *e = arg;

	assert_non_null(e->listener);
	e->listener = NULL;
	e->ends++;
	e->done = true;
	e->ids = *ids;
	e->reply = *reply;
	assert_int_equal(buf_append(&e->message, reply->text.p, reply->text.len), 0);
	recorder_called(e, AT_END);
}

static void
recorder_error(void *arg, const struct turn_error *error)
{
	struct recorder *e = arg;

	assert_non_null(e->listener);
	e->listener = NULL;
	e->ends++;
	e->failure = error->failure;
	assert_int_equal(buf_append(&e->message, error->text.p, error->text.len), 0);
	recorder_called(e, AT_END);
}

static const struct turn_sink recorder_sink = {.start = recorder_start,
    .token = recorder_token,
    .source = recorder_source,
    .done = recorder_done,
    .error = recorder_error};

void
recorder_clear(struct recorder *e)
{
	recorder_leave(e);
	buf_clear(&e->text);
	buf_clear(&e->sources);
	buf_clear(&e->message);
}

static struct recorder
recorder_new(void)
{
	struct recorder e = {0};

	buf_init(&e.text, TURN_REPLY_MAX);
	buf_init(&e.sources, TURN_REPLY_MAX);
	buf_init(&e.message, TURN_REPLY_MAX);
	return e;
}

static struct recorder *
find_listener(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->listeners_n; i++)
		if (strcmp(w->listeners[i].name, name) == 0)
			return &w->listeners[i].recorder;
	return NULL;
}

struct recorder *
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
		w->listeners[w->listeners_n].name = world_copy(w, name);
		e = &w->listeners[w->listeners_n++].recorder;
	}
	*e = recorder_new();
	return e;
}

/* That of org=N; else the default. */
static struct id
other_org(const struct words *step)
{
	const char *n = step_option(step, "org");
	struct id org = id_default_org;

	if (n != NULL)
		org.b[0] = (uint8_t)strtoul(n, NULL, 10);
	return org;
}

static void
begin(struct world *w, struct recorder *e, const struct words *step)
{
	const char *client_id = step_option(step, "client_id"),
		   *token = step_option(step, "visitor"), *source = step_option(step, "source"),
		   *client = step_option(step, "client");
	struct hash256 visitor = {{0}};
	struct turn_request request = {
	    .org = other_org(step),
	    .widget = id_default_widget,
	    .session = slice_str("visitor"),
	    .text = slice_str("hello"),
	    .client_id = slice_str(client_id == NULL ? "" : client_id),
	    .source = source == NULL ? 0 : strtoull(source, NULL, 10),
	    .accepted = step_option(step, "accepted") != NULL,
	};

	if (client != NULL)
		assert_int_equal(ip_parse(slice_str(client), &request.client), 0);
	if (token != NULL) {
		visitor = values_hash(token);
		request.visitor = &visitor;
	}
	e->listener = turn_begin(&w->s->turns, &request, &recorder_sink, e, &e->failure);
	e->ends = e->listener == NULL;
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
try_agent(struct world *w, struct recorder *e, const char *server, struct id org)
{
	char purpose[] = "Sell tea.";
	struct msg_agent_record agent = {.v = RECORD_VERSION,
	    .org = org,
	    .purpose = slice_str(purpose),
	    .key_name = slice_str(server)};
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

	if (strcmp(verb, "begins") == 0) {
		e = new_listener(w, step->word[0]);
		begin(w, e, step);
	} else if (strcmp(verb, "tries") == 0) {
		e = new_listener(w, step->word[0]);
		try_agent(w, e,
		    n > 2 && strchr(step->word[2], '=') == NULL ? step->word[2] : "",
		    other_org(step));
	} else if ((strcmp(verb, "joins") == 0 || strcmp(verb, "stops") == 0) && n > 2) {
		e = new_listener(w, step->word[0]);
		reference = (struct reply_ref){.org = id_default_org,
		    .widget = id_default_widget,
		    .session = slice_str("visitor"),
		    .message = values_id(w->values, step->word[2])};
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
    [TURN_STORE_REFUSED] = "store_refused",
    [TURN_MODEL_DOWN] = "model_down",
    [TURN_MODEL_SLOW] = "model_slow",
    [TURN_MODEL_BUSY] = "model_busy",
    [TURN_MODEL_UNAVAILABLE] = "model_unavailable",
    [TURN_TOO_LONG] = "too_long",
    [TURN_MESSAGE_LONG] = "message_too_long",
    [TURN_SHUTDOWN] = "shutdown",
    [TURN_ERASED] = "erased",
    [TURN_INTERRUPTED] = "interrupted",
    [TURN_CONFLICT] = "conflict",
    [TURN_NOT_FOUND] = "not_found",
    [TURN_VISITOR_GONE] = "visitor_gone",
    [TURN_CONTACT_REQUIRED] = "contact_required",
    [TURN_CAPPED] = "capped",
    [TURN_BLOCKED] = "blocked",
    [TURN_BUDGET] = "budget",
    [TURN_SHARE] = "share",
    [TURN_SHARE_WAITS] = "share_waits",
    [TURN_AGENT_DISABLED] = "agent_disabled",
    [TURN_TOO_MANY] = "too_many",
    [TURN_OVERLOADED] = "overloaded",
    [TURN_ABANDONED] = "abandoned",
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
		if (step->n > 3)
			expect_equal_text(
			    "the error", &e->message, values_bytes(w->values, step->word[3]));
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
expectation_step(struct world *w, const struct words *step)
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
	} else if (strcmp(verb, "cited") == 0 && step->n == 3) {
		text = values_bytes(w->values, step->word[2]);
		STAGE_UNTIL(s, buf_len(&e->sources) >= text.len);
		expect_equal_text("cited", &e->sources, text);
	} else if (strcmp(verb, "tokens") == 0 && step->n == 3) {
		assert_int_equal(e->tokens, strtoul(step->word[2], NULL, 10));
	} else if ((strcmp(verb, "done") == 0 && step->n == 4) ||
	    (strcmp(verb, "failed") == 0 && (step->n == 3 || step->n == 4))) {
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

bool
listener_step(struct world *w, const struct words *step)
{
	return step->n > 1 && (request_step(w, step) || expectation_step(w, step));
}
