/*
 * A worker's connection to searchd. It connects when somebody searches, so that a service without searchd logs
 * nothing; a search while searchd is down fails at once.
 */
#ifndef WORKERD_SEARCH_SEARCH_CLIENT_H
#define WORKERD_SEARCH_SEARCH_CLIENT_H

#include <event2/event.h>

#include "proto/ipc/messages.h"

/* A person waits for the answer. */
#define SEARCH_TIMEOUT_MS 5000

/* Searches of a worker that wait for searchd, at most. Organizations share these places (net/fair_slots.h). */
#define SEARCHES_MAX 64u

struct search_client;
struct search_call;

/*
 * Called once for each search, never from within search_call(). type is the type of the answer (MSG_ERROR:
 * refused) and m its content, borrowed; type 0 and m NULL: searchd does not answer.
 */
typedef void search_answer_fn(void *arg, uint16_t type, const union msg *m);

/* path is borrowed. */
struct search_client *search_client_new(struct event_base *base, const char *path);
void search_client_free(struct search_client *sc);

/* Sends a search. NULL: too many wait, or the organization has its share of the places; fn is not called. */
[[gnu::warn_unused_result]] struct search_call *search_call(
    struct search_client *sc, const struct msg_search *search, search_answer_fn *fn, void *arg);

/* The same for the passages that fit a question: the answer is FOUND. */
[[gnu::warn_unused_result]] struct search_call *search_call_find(
    struct search_client *sc, const struct msg_find *find, search_answer_fn *fn, void *arg);

/* The same for the state of the index: the answer is SEARCH_STATUS. */
[[gnu::warn_unused_result]] struct search_call *search_call_status(
    struct search_client *sc, search_answer_fn *fn, void *arg);

/* fn will not be called. */
void search_call_forget(struct search_call *call);

#endif
