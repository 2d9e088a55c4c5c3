/*
 * The peers that search: workers, and the banter command, which asks for the status. The requests of
 * a peer are answered in their order, one in a turn of the event loop.
 */
#ifndef STORAGED_SEARCH_SEARCHERS_H
#define STORAGED_SEARCH_SEARCHERS_H

#include <event2/event.h>

#include "proto/access/access.h"
#include "storaged/search/answer.h"

#define SEARCHERS_MAX 1024u

struct searchers;

/* Serves a listening, non-blocking socket, which the caller closes. The arguments are borrowed. */
struct searchers *searchers_new(struct event_base *base, int listener,
    const struct access *access, const struct followers *followers);
void searchers_free(struct searchers *s);

#endif
