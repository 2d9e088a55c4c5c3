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
#include "workerd/crawl/rules/robots_tag.h"
#include "workerd/crawl/rules/url.h"

#define FETCH_MS           30000
#define FETCH_BYTES_MAX    ((size_t)5 * 1024 * 1024)
#define FETCH_ETAG_MAX     256 /* as in SOURCE_PAGE_RECORD, like the next two */
#define FETCH_MODIFIED_MAX 64
#define FETCH_TYPE_MAX     100
#define FETCH_CHARSET_MAX  40
#define FETCH_DETAIL_MAX   120

struct fetcher;
struct fetch;

enum fetch_outcome {
	FETCH_DONE,    /* there is a status */
	FETCH_SIZE,    /* the body is longer than the limit */
	FETCH_TIMEOUT, /* it was not complete in time */
	FETCH_ADDRESS, /* the host's address may not be connected to */
	FETCH_NETWORK, /* anything else: no such host, no connection, a bad certificate, an invalid response */
};

struct fetch_request {
	const char *url;   /* in normal form */
	const char *agent; /* User-Agent */
	const char *etag;  /* of the version that is known, as the next one; "": none */
	const char *last_modified;
	size_t bytes_max; /* of the decoded body */
};

struct fetch_response {
	enum fetch_outcome outcome;
	char detail[FETCH_DETAIL_MAX + 1]; /* why it failed, ASCII */
	int status;
	struct buf body; /* decoded; the receiver may take it by buf_init() of this one */
	char type[FETCH_TYPE_MAX + 1]; /* lower case, without parameters; as the next ones, "": none */
	char charset[FETCH_CHARSET_MAX + 1];
	char etag[FETCH_ETAG_MAX + 1];
	char last_modified[FETCH_MODIFIED_MAX + 1];
	char location[URL_MAX + 1]; /* of a redirect, in normal form; "": none that is valid */
	struct robots_tag tag;
	unsigned retry_after_s;
	bool challenge; /* it has a WWW-Authenticate field */
};

/* Called once, from the event loop, unless the request is cancelled. The response is valid during the call. */
typedef void fetch_fn(void *arg, struct fetch_response *response);

/* allowed: CRAWL_ALLOW, borrowed. libcurl is initialized with the first request. */
struct fetcher *fetcher_new(struct event_base *base, const struct network_list *allowed);

/* Its requests must have ended. */
void fetcher_free(struct fetcher *f);

/* Starts a request; its parts are copied. */
struct fetch *fetch_start(
    struct fetcher *f, const struct fetch_request *request, fetch_fn *fn, void *arg);

void fetch_cancel(struct fetch *fetch);

#endif
