/*
 * Steps of clients that are slow, or that never stop:
 *
 *	CLIENT arrives                   waits until the server's kernel has what was sent
 *	CLIENT wakes_server              as an event of its connection does
 *	CLIENT sends_late WORD ...       and 40 ms pass without a turn of the loop
 *	CLIENT drips MS WORD ...         a byte at a time, until the server ends the connection
 *	CLIENT keeps_sending MS WORD ...     for this time; 0: until its connection is gone
 *	CLIENT takes_slowly N            so many bytes of /big, in longer than stall_timeout
 *	CLIENT takes_hardly anything     a little at a time, until its connection is gone
 */
#include <sys/socket.h>

#include "tests/unit/workerd/http/steps/http_world.h"

static void
send_late(struct client *c, struct slice text)
{
	client_send(c, text);
	client_arrives(c);
	for (uint64_t until = clock_mono_ms() + 40; clock_mono_ms() <= until;)
		continue;
}

static void
drip(struct client *c, struct slice text, uint64_t ms)
{
	for (size_t i = 0; i < text.len && !c->eof; i++) {
		(void)send(c->fd, text.p + i, 1, MSG_NOSIGNAL);
		if (i == 0)
			client_arrives(c);
		world_turn_for(ms);
		client_read(c);
	}
}

/* Every turn has input, so a turn that is slow by chance does not count as silence. */
static void
keep_sending(struct client *c, struct slice text, uint64_t ms)
{
	uint64_t begun = clock_mono_ms();

	while (ms == 0 ? client_conn(c) != NULL : clock_mono_ms() < begun + ms) {
		assert_true(ms > 0 || clock_mono_ms() < begun + WAIT_MS);
		(void)send(c->fd, text.p, text.len, MSG_NOSIGNAL);
		client_arrives(c);
		world_turn();
	}
}

/* Takes all, a little at a time. Returns the longest time without reading. */
static uint64_t
take_slowly(struct client *c, size_t len)
{
	uint64_t longest = 0;

	while (c->received < len && client_conn(c) != NULL) {
		uint64_t last = clock_mono_ms(), ms;

		world_turn_for(20);
		client_read(c);
		ms = clock_mono_ms() - last;
		longest = ms > longest ? ms : longest;
	}
	return longest;
}

/* Everything takes longer than the timeout, but no pause does, except on a busy machine: then again. */
static void
take_big_slowly(const char *name, size_t len)
{
	static const char request[] = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";

	for (;;) {
		struct client *c = client_connect(name, 16384, NULL);
		uint64_t begun = clock_mono_ms();

		client_send(c, slice_str(request));
		if (take_slowly(c, len) <= world.limits.stall_timeout / 2) {
			assert_true(c->received >= len);
			assert_true(clock_mono_ms() - begun > world.limits.stall_timeout);
			return;
		}
		client_close(c);
		UNTIL(client_conn(c) == NULL);
	}
}

/* Always some progress, but less than is required. */
static void
take_hardly(struct client *c)
{
	uint64_t until = clock_mono_ms() + WAIT_MS;
	char bytes[512];

	while (client_conn(c) != NULL && clock_mono_ms() < until) {
		(void)recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		world_turn_for(20);
	}
	assert_null(client_conn(c));
}

bool
wait_step(struct client *c, const struct words *step)
{
	const char *verb = step->word[1];
	uint64_t ms = step->n > 2 ? strtoull(step->word[2], NULL, 10) : 0;

	if (strcmp(verb, "arrives") == 0) {
		client_arrives(c);
	} else if (strcmp(verb, "wakes_server") == 0) {
		event_active(&client_conn(c)->event, EV_READ, 0);
	} else if (strcmp(verb, "sends_late") == 0) {
		send_late(c, words_together(step, 2, true));
	} else if (strcmp(verb, "drips") == 0 && step->n > 3) {
		drip(c, words_together(step, 3, true), ms);
	} else if (strcmp(verb, "keeps_sending") == 0 && step->n > 3) {
		keep_sending(c, words_together(step, 3, true), ms);
	} else if (strcmp(verb, "takes_slowly") == 0) {
		client_close(c);
		UNTIL(client_conn(c) == NULL);
		take_big_slowly(c->name, ms);
	} else if (strcmp(verb, "takes_hardly") == 0) {
		take_hardly(c);
	} else {
		return false;
	}
	return true;
}
