/*
 * One GET request by libcurl, without redirects.
 *
 * What a site answers, and what its name resolves to, is hostile: only http and https, only public addresses and those
 * of CRAWL_ALLOW, checked for each connection after the name was resolved; no proxy, no cookies, no passwords from
 * files, FETCH_MS in total, and a limit of decoded bytes.
 */
#ifndef WORKERD_CRAWL_FETCH_FETCH_H
#define WORKERD_CRAWL_FETCH_FETCH_H

#include <event2/event.h>

#include "proto/base/network.h"
#include "workerd/crawl/fetch/fetch_response.h"

#define FETCH_MS        30000
#define FETCH_BYTES_MAX ((size_t)5 * 1024 * 1024)

struct fetch_engine;
struct fetch;

struct fetch_request {
	const char *url;   /* in normal form */
	const char *agent; /* User-Agent */
	const char *etag;  /* of the version that is known, as the next one; "": none */
	const char *last_modified;
	size_t bytes_max; /* of the decoded body */
};

/* Called once, from the event loop, unless the request is cancelled. The response is valid during the call. */
typedef void fetch_fn(void *arg, struct fetch_response *response);

/* allowed: CRAWL_ALLOW, borrowed. libcurl is initialized with the first request. */
struct fetch_engine *fetch_engine_new(
    struct event_base *base, const struct network_list *allowed);

/* Its requests must have ended. */
void fetch_engine_free(struct fetch_engine *f);

/* Starts a request; its parts are copied. */
struct fetch *fetch_start(
    struct fetch_engine *f, const struct fetch_request *request, fetch_fn *fn, void *arg);

void fetch_cancel(struct fetch *fetch);

#endif
