/*
 * One POST request to a webhook's URL, by libcurl.
 *
 * The URL is a user's choice, so the request is limited: only http and https, only to public addresses and those
 * of WEBHOOK_ALLOW (checked for each connection, after the name was resolved), no redirects, no proxy, no cookies or
 * passwords from files, WEBHOOK_POST_MS in total, and at most WEBHOOK_REPLY_MAX bytes of the reply are read. Nothing
 * of the reply is kept but its status.
 */
#ifndef WORKERD_WEBHOOKS_WEBHOOK_POST_H
#define WORKERD_WEBHOOKS_WEBHOOK_POST_H

#include <event2/event.h>

#include "proto/base/network.h"
#include "proto/ipc/messages.h"

#define WEBHOOK_POST_MS   5000
#define WEBHOOK_REPLY_MAX 65536 /* bytes of headers and body */
#define WEBHOOK_ERROR_MAX 128

struct webhook_poster;
struct webhook_post;

struct webhook_request {
	const char *url, *delivery; /* webhook-id, X-Banter-Delivery */
	struct slice secret;
	struct slice old_secret; /* is still valid, too; empty: none is */
	struct slice body;
};

/* Its secrets at this time. They are borrowed from the record. */
void webhook_request_sign(
    struct webhook_request *request, const struct msg_webhook_record *webhook);

struct webhook_result {
	int status;   /* of the reply; 0: none came */
	unsigned ms;  /* how long it took */
	bool skipped; /* there was nothing to send */
	uint64_t
	    retry_after_ms; /* how long the receiver wants no requests, by Retry-After; 0: it does not say */
	char error
	    [WEBHOOK_ERROR_MAX]; /* ASCII; "": the receiver has accepted the delivery (2xx) */
};

/* Called once, from the event loop, unless the request is cancelled. */
typedef void webhook_post_fn(void *arg, const struct webhook_result *result);

struct webhook_poster_config {
	struct event_base *base;
	/* Borrowed. */
	const struct network_list *allowed; /* WEBHOOK_ALLOW */
	unsigned limit_ms;                  /* WEBHOOK_POST_MS */
};

struct webhook_poster *webhook_poster_new(const struct webhook_poster_config *config);

/* Its requests must have ended. */
void webhook_poster_free(struct webhook_poster *p);

/* Starts the request; its parts are copied. */
struct webhook_post *webhook_post_start(struct webhook_poster *p,
    const struct webhook_request *request, webhook_post_fn *fn, void *arg);

void webhook_post_cancel(struct webhook_post *post);

#endif
