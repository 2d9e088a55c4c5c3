/*
 * What the stub records about its calls for tests to query: counters, the last request, the last
 * messages, how often a message has been made to fail, and which held replies may continue. All of
 * it is bounded, and cleared by stats_reset(). One per process, owned by the server.
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
	STATS_COMPLETED,    /* the kernel has accepted the complete response */
	STATS_FAILED,       /* refused, or failed as its script says */
	STATS_DISCONNECTED, /* the client disconnected first */
	STATS_ENDS
};

struct stats {
	uint64_t calls;
	uint64_t active;
	uint64_t ended[STATS_ENDS];
	uint64_t tokens;
	uint64_t connections; /* open now, including the one that asks */
	uint64_t accepted;    /* total */
	uint32_t epoch;       /* number of resets, so that older calls are not counted */
	struct {
		bool valid; /* there was a last request */
		bool json;  /* its body is valid JSON */
		size_t authorization;
		struct bytes path, accept, content_type, user_agent, body;
	} last;
	struct stats_message {
		uint16_t len;
		char text[STATS_MESSAGE_LEN];
	} message[STATS_MESSAGES];
	uint64_t messages; /* total; the newest is at (messages - 1) % STATS_MESSAGES */
	struct stats_message release[STATS_RELEASES];
	uint64_t releases; /* total; the newest is at (releases - 1) % STATS_RELEASES */
	struct {
		uint64_t hash;
		uint32_t count;
	} failure[STATS_FAILURES];
	uint32_t failures; /* where the next new one is stored */
};

/* Resets everything except the number of open connections. The ends of running calls will not be
 * counted. */
void stats_reset(struct stats *st);
void stats_clear(struct stats *st);

/* A call starts and, with the epoch that begin returned, ends. */
uint32_t stats_begin(struct stats *st);
void stats_end(struct stats *st, uint32_t epoch, enum stats_end how);
void stats_token(struct stats *st, uint32_t epoch, uint64_t n);

/* Records the last user message of a call; keeps its first STATS_MESSAGE_LEN bytes. */
void stats_add_message(struct stats *st, struct span message);
uint64_t stats_count_messages(const struct stats *st, struct span part);

/* Whether this message, which is to fail the first `times` times, still fails; counts the call. */
bool stats_fails(struct stats *st, struct span message, uint32_t times);

/* Lets held replies to messages that contain this part continue; only its first STATS_MESSAGE_LEN
 * bytes count. */
void stats_release(struct stats *st, struct span part);
bool stats_is_released(const struct stats *st, struct span message);

/* {"calls":..} and {"method":..,"body":..}, as described by the program's --help. */
void stats_write(const struct stats *st, struct bytes *out);
void stats_write_last(const struct stats *st, struct bytes *out);

#endif
