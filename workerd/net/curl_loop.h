/*
 * libcurl's transfers in our event loop (curl_multi_socket_action(3)).
 *
 * A loop is for one kind of transfers: `done` gets each one that has ended, and `settle` runs after libcurl was
 * called from the event loop, when nothing of it is on the stack any more. Easy handles belong to the caller;
 * they are CURL pointers, which only files that may include curl.h can use.
 */
#ifndef WORKERD_NET_CURL_LOOP_H
#define WORKERD_NET_CURL_LOOP_H

#include <event2/event.h>

struct curl_loop;

struct curl_loop_events {
	/* A transfer has ended; code is its CURLcode. It may remove and free the handle. */
	void (*done)(void *arg, void *easy, int code);
	void (*settle)(void *arg); /* NULL: nothing to do */
};

/* events is borrowed. */
struct curl_loop *curl_loop_new(
    struct event_base *base, const struct curl_loop_events *events, void *arg);

/* Its transfers must be removed before. */
void curl_loop_free(struct curl_loop *loop);

/* Starts a transfer. */
void curl_loop_add(struct curl_loop *loop, void *easy);

/* Cancels a transfer, or takes one away that has ended. */
void curl_loop_remove(struct curl_loop *loop, void *easy);

/* The loop no longer watches this socket, of which the caller has a copy: closing it does not end that. */
void curl_loop_unwatch(struct curl_loop *loop, int fd);

/* The version of libcurl. */
const char *curl_loop_version(void);

#endif
