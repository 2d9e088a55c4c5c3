/*
 * Steps of the model's server:
 *
 *	model gets_request [server=NAME] [with="text in it"] [without="text"]
 *	model gets_nothing
 *	model answers                         the status line and the header fields
 *	model says "text"                     an event with this text (as in JSON)
 *	model sends "bytes"
 *	model ends                            the end of the response
 *	model closes
 *	model server NAME HOST [KEY [FAILURES]]      adds a server, whose breaker opens after so many
 *	model is_left                         the worker has closed the connection
 */
#include "tests/unit/workerd/turn/steps/turn_world.h"

#include <errno.h>

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
	struct server *server;
	char url[96];
	struct upstream_config config = {.base = w->s->base,
	    .board = &w->s->board,
	    .name = world_copy(w, step->word[2]),
	    .url = url,
	    .key = step->n > 4 ? world_copy(w, step->word[4]) : NULL,
	    .connect_ms = 10000,
	    .first_byte_ms = 60000,
	    .idle_ms = 60000,
	    .rest_ms = 60000,
	    .breaker_failures = step->n > 5 ? (unsigned)atoi(step->word[5]) : 0,
	    .breaker_open_ms = 60000};

	if (w->servers_n == ARRAY_LEN(w->servers))
		scenario_fail("more than %zu servers", ARRAY_LEN(w->servers));
	server = &w->servers[w->servers_n++];
	server->name = config.name;
	server->listener = listen_on((const struct sockaddr *)&in, sizeof(in));
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&in, &len), 0);
	snprintf(url, sizeof(url), "http://%s:%u/v1", step->word[3], ntohs(in.sin_port));
	model_servers_add(&w->s->turns.servers, &config, MODEL_API_AUTO);
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
	const char *with = step_option(step, "with"), *without = step_option(step, "without");
	char question[8192] = "";
	struct stage *s = w->s;
	size_t len = 0;

	closefd(&s->model);
	s->model = stage_accept(s, server_named(w, step_option(step, "server")));
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

bool
model_step(struct world *w, const struct words *step)
{
	const char *verb = step->word[1];
	struct stage *s = w->s;

	if (strcmp(verb, "server") == 0 && step->n >= 4) {
		add_server(w, step);
	} else if (strcmp(verb, "gets_request") == 0) {
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
		model_send(s, "data: [DONE]\n\n");
	} else if (strcmp(verb, "closes") == 0) {
		closefd(&s->model);
	} else if (strcmp(verb, "is_left") == 0) {
		STAGE_UNTIL(s, model_is_left(s));
	} else {
		return false;
	}
	return true;
}
