/*
 * Steps of the store, at the other end of the worker's connection:
 *
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
 *	store finds MESSAGE FIELD=VALUE ...   ... behind others, such as those that filled it
 *	store keeps_answering LISTENER ANSWER ...      each request, until the listener's reply ends
 */
#include "tests/unit/workerd/turn/steps/turn_world.h"

/* MESSAGE FIELD=VALUE ... or error CODE [text=TEXT], from this word on. */
static void
answer(struct world *w, uint64_t request, const struct words *step, size_t from)
{
	const struct msg_desc *d = message_text_desc(step->word[from]);
	const char *const *fields = step->word + from + 1;
	size_t n = step->n - from - 1;
	const char *words[2];
	char code[64];
	union msg m;

	if (d->type == MSG_ERROR) {
		snprintf(code, sizeof(code), "code=%s", fields[0]);
		words[0] = code;
		if (n > 1)
			words[1] = fields[1];
		fields = words;
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
	w->kept[w->kept_n++] =
	    (struct kept_request){world_copy(w, step->word[end + 1]), request};
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
	struct id turn = values_known_id(w->values, step_option(step, "turn"));
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

bool
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
