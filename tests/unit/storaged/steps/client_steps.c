/*
 * What clients send and receive.
 */
#include "tests/unit/storaged/steps/store_world.h"

/* In the order of struct fixture. */
static const char *const names[] = {
    "a", "b", "c", "tool", "searchd", "crawld", "maild", "mediad"};

struct asker *
client_named(struct world *w, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return &w->f->askers[i];
	return NULL;
}

/* words: MESSAGE FIELD=VALUE ..., or error CODE. */
static void
expect_message(
    struct world *w, struct asker *asker, uint64_t request, const struct words *words)
{
	bool any = strcmp(words->word[0], "any") == 0;
	const struct msg_desc *d = message_text_desc(any ? "ok" : words->word[0]);
	const char *fields[LINE_WORDS_MAX];
	char code[64];
	union msg got;
	enum msg_type type;

	if (buf_len(&asker->out) == 0)
		scenario_fail("there is no %s", d->name);
	type = take_answer(w->f, asker, request, &got);
	if (any)
		return;
	for (size_t i = 1; i < words->n; i++)
		fields[i - 1] = words->word[i];
	if (type != d->type && type == MSG_ERROR)
		scenario_fail("expected %s, got error %u: %.*s", d->name, got.error.code,
		    (int)got.error.detail.len, (const char *)got.error.detail.p);
	if (type != d->type)
		scenario_fail("expected %s, got %s", d->name, msg_name((uint16_t)type));
	if (d->type == MSG_ERROR && words->n > 1 && strchr(words->word[1], '=') == NULL) {
		snprintf(code, sizeof(code), "code=%s", words->word[1]);
		fields[0] = code;
	}
	message_text_expect(w->values, d, fields, words->n - 1, &got);
	rooms_send_ends(&w->f->live.rooms, &asker->client);
}

void
copy_words(struct world *w, const char *const *from, size_t n, struct words *to)
{
	to->n = n;
	for (size_t i = 0; i < n; i++) {
		char *copy = values_alloc(w->values, strlen(from[i]) + 1);

		memcpy(copy, from[i], strlen(from[i]) + 1);
		to->word[i] = copy;
	}
}

void
end_batch(struct world *w)
{
	commit(w->f);
	w->batch = false;
	for (size_t i = 0; i < w->expected_n; i++)
		expect_message(
		    w, w->expected[i].asker, w->expected[i].request, &w->expected[i].words);
	w->expected_n = 0;
}

static void
expect_forbidden(struct asker *asker, const struct msg_desc *d, const union msg *msg)
{
	union msg decoded;
	struct frame frame;
	struct buf b;
	size_t size;

	buf_init(&b, WIRE_FRAME_MAX);
	assert_int_equal(msg_encode(&b, (enum msg_type)d->type, 1, msg), 0);
	assert_int_equal(wire_frame(buf_slice(&b), &frame, &size), WIRE_OK);
	assert_int_equal(
	    msg_decode(&frame, asker->role, ROLE_STORE, WHEN_READY, &decoded), WIRE_FORBIDDEN);
	buf_clear(&b);
}

/* CLIENT MESSAGE FIELD=VALUE ... [-> ANSWER ...] */
static void
send_step(struct world *w, struct asker *asker, const struct words *step)
{
	const struct msg_desc *d = message_text_desc(step->word[1]);
	size_t arrow = 2;
	uint64_t request;
	union msg msg;

	while (arrow < step->n && strcmp(step->word[arrow], "->") != 0)
		arrow++;
	message_text_read(w->values, d, step->word + 2, arrow - 2, &msg);
	if (arrow + 1 < step->n && strcmp(step->word[arrow + 1], "forbidden") == 0) {
		expect_forbidden(asker, d, &msg);
		return;
	}
	if (!batch_is_open(&w->f->batch))
		commit(w->f);
	request = send_request(w->f, asker, (enum msg_type)d->type, &msg);
	if (arrow + 1 < step->n) {
		struct expected *e = &w->expected[w->expected_n++];

		*e = (struct expected){.asker = asker, .request = request};
		copy_words(w, step->word + arrow + 1, step->n - arrow - 1, &e->words);
	}
	if (!w->batch)
		end_batch(w);
}

void
silent(struct world *w)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct asker *asker = &w->f->askers[i];
		struct frame frame;
		size_t size;

		if (asker->client.fault != NULL)
			scenario_fail("%s: %s", names[i], asker->client.fault);
		if (buf_len(&asker->out) == 0)
			continue;
		assert_int_equal(wire_frame(buf_slice(&asker->out), &frame, &size), WIRE_OK);
		scenario_fail("%s received %s too", names[i], msg_name(frame.type));
	}
}

static void
expect_fault(struct world *w, struct asker *asker, const char *fault)
{
	if (asker->client.fault == NULL)
		scenario_fail("the client has not violated the protocol");
	if (fault != NULL)
		assert_text(values_bytes(w->values, fault), asker->client.fault);
	asker->client.fault = NULL;
}

static void
limit_queue(struct asker *asker, const char *bytes)
{
	buf_clear(&asker->out);
	buf_init(&asker->out, strtoul(bytes, NULL, 10));
}

void
client_step(struct world *w, struct asker *asker, const struct words *step)
{
	struct words notification;

	if (step->n < 2)
		scenario_fail("what does the client do?");
	if (strcmp(step->word[1], "disconnects") == 0) {
		lose(w->f, asker);
	} else if (strcmp(step->word[1], "hangs_up") == 0) {
		client_goes(w->f, asker);
	} else if (strcmp(step->word[1], "violates_protocol") == 0) {
		expect_fault(w, asker, step->n > 2 ? step->word[2] : NULL);
	} else if (strcmp(step->word[1], "queue") == 0 && step->n == 3) {
		limit_queue(asker, step->word[2]);
	} else if (strcmp(step->word[1], "<-") == 0) {
		copy_words(w, step->word + 2, step->n - 2, &notification);
		expect_message(w, asker, 0, &notification);
	} else {
		send_step(w, asker, step);
	}
}

/* messages CONVERSATION STATUS TEXT ... */
void
expect_all_messages(struct world *w, const struct words *step)
{
	struct words request;
	char text[8192];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text),
	    "a message_list org=default_org conversation=%s -> message_page next=0 messages=[",
	    step->word[1]);
	for (size_t i = 2; i + 1 < step->n && n < sizeof(text); i += 2)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "{status=%s text=%s} ",
		    step->word[i], step->word[i + 1]);
	if (n + 2 > sizeof(text) || step->n % 2 == 1)
		scenario_fail("the messages are too long, or one has no text");
	memcpy(text + n, "]", 2);
	words_split(text, &request);
	send_step(w, &w->f->a, &request);
}
