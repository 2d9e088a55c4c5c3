/*
 * How many chunks go into the next request for vectors. A server may refuse a request for the number of its texts, or
 * for one of them: smaller requests find out which. State only, no I/O.
 */
#ifndef WORKERD_KNOWLEDGE_EMBEDDING_BATCH_H
#define WORKERD_KNOWLEDGE_EMBEDDING_BATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Chunks of a request. Parsing the vectors of more would hold up tokens for too long. */
#define EMBEDDING_BATCH 16

/* What is known of the server; for all organizations. */
struct embedding_server {
	size_t
	    most; /* chunks of a request, as far as it is known to accept so many; at first EMBEDDING_BATCH */
	unsigned good; /* requests with so many that it has accepted since */
};

/* The requests of an organization; all bytes zero at first. */
struct embedding_batch {
	size_t limit;    /* chunks of the next request; 0: as many as the server accepts */
	size_t refused;  /* chunks of the refused request that were not sent again yet */
	size_t accepted; /* of the requests since then, the largest that was accepted */
	bool bad_text;   /* one of the chunks was refused alone */
};

size_t embedding_batch_limit(
    const struct embedding_batch *b, const struct embedding_server *server);

/* A request with n chunks was accepted. */
void embedding_batch_accepted(
    struct embedding_batch *b, struct embedding_server *server, size_t n);

/* One with n chunks was refused. True: they are asked for again, half as many at a time; false: it was a single chunk,
 * which is left out. */
bool embedding_batch_refused(
    struct embedding_batch *b, struct embedding_server *server, size_t n);

#endif
