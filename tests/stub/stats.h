/*
 * What the stand-in remembers of its calls, for tests to ask: counters, the last request, the last
 * messages, and how often a message has already been made to fail; and what it was told of them:
 * which of those that wait may go on. All of it bounded, all of it forgotten by stats_reset(). One
 * per process, owned by the server.
 */
#ifndef TESTS_STUB_STATS_H
#define TESTS_STUB_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/stub/bytes.h"

#define STATS_MESSAGES    4096
#define STATS_MESSAGE_LEN 256
#define STATS_FAILURES    1024
#define STATS_RELEASES    256

/* How a call ended. Each call ends in exactly one way: calls = active + the sum of these. */
enum stats_end {
	STATS_COMPLETED,    /* the answer is with the kernel, whole */
	STATS_FAILED,       /* refused, or failed as its script said */
	STATS_DISCONNECTED, /* the client went away first */
	STATS_ENDS
};

struct stats {
	uint64_t calls;
	uint64_t active;
	uint64_t ended[STATS_ENDS];
	uint64_t tokens;
	uint64_t connections; /* open now, the asking one included */
	uint64_t accepted;    /* ever */
	uint32_t epoch; /* counts the resets, so that older calls stay out of the counters */
	struct {
		bool valid; /* there was one */
		bool json;  /* its body can be shown as JSON */
		size_t authorization;
		struct bytes path, accept, content_type, user_agent, body;
	} last;
	struct stats_message {
		uint16_t len;
		char text[STATS_MESSAGE_LEN];
	} message[STATS_MESSAGES];
	uint64_t messages; /* ever; the newest is at (messages - 1) % STATS_MESSAGES */
	struct stats_message release[STATS_RELEASES];
	uint64_t releases; /* ever; the newest is at (releases - 1) % STATS_RELEASES */
	struct {
		uint64_t hash;
		uint32_t count;
	} failure[STATS_FAILURES];
	uint32_t failures; /* where the next new one goes */
};

/* Zeroes everything but what describes the present: open connections and running calls are
 * forgotten as calls, and their ends will not be counted. */
void stats_reset(struct stats *st);
void stats_clear(struct stats *st);

/* A call begins and, with the epoch that begin returned, ends. */
uint32_t stats_begin(struct stats *st);
void stats_end(struct stats *st, uint32_t epoch, enum stats_end how);
void stats_token(struct stats *st, uint32_t epoch, uint64_t n);

/* The last user message of a call; its first STATS_MESSAGE_LEN bytes are kept. */
void stats_add_message(struct stats *st, struct span message);
uint64_t stats_count_messages(const struct stats *st, struct span part);

/* Whether this message, which is to fail its first times calls, still fails; counts the call. */
bool stats_fails(struct stats *st, struct span message, uint32_t times);

/* Replies to messages with this part in them need wait no more; its first STATS_MESSAGE_LEN bytes
 * count. */
void stats_release(struct stats *st, struct span part);
bool stats_is_released(const struct stats *st, struct span message);

/* {"calls":..} and {"method":..,"body":..}, as the help of the program describes them. */
void stats_write(const struct stats *st, struct bytes *out);
void stats_write_last(const struct stats *st, struct bytes *out);

#endif
