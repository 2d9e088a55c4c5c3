/*
 * Requests that read much and wait until those that read little have their answers. Organizations take turns: each that
 * has requests here gets one of them before another one gets its second.
 */
#ifndef STORAGED_REQUEST_LONG_READS_H
#define STORAGED_REQUEST_LONG_READS_H

#include <sys/queue.h>

#include "storaged/live/client.h"

/* Those of one client, at most. */
#define LONG_READS_MAX 64u

/* A client with more unsent bytes gets none of its answers. */
#define LONG_READS_UNSENT ((size_t)4 << 20)

struct long_read {
	TAILQ_ENTRY(long_read) link;
	struct client *from;
	struct id org;
	uint64_t round; /* of the turns */
	uint64_t request;
	uint16_t type;
	size_t len;
	uint8_t payload[]; /* as in its frame */
};

TAILQ_HEAD(long_read_list, long_read);

struct long_reads {
	struct long_read_list all; /* oldest first */
	uint64_t round;            /* of the last turn */
};

void long_reads_init(struct long_reads *r);
void long_reads_clear(struct long_reads *r);

/* Copies a request. False: the client has too many. */
bool long_reads_add(struct long_reads *r, struct client *from, const struct id *org,
    uint64_t request, uint16_t type, struct slice payload);

/* The next one in turn, which the caller frees; NULL: there is none whose client takes an answer. */
struct long_read *long_reads_take(struct long_reads *r);

/* The client is gone. */
void long_reads_forget(struct long_reads *r, struct client *from);

#endif
