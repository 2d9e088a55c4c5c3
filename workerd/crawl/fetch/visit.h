/*
 * A visit to one address: robots.txt is asked first, then the page is fetched, and redirects are followed, each to an
 * address that passes the same checks.
 */
#ifndef WORKERD_CRAWL_FETCH_VISIT_H
#define WORKERD_CRAWL_FETCH_VISIT_H

#include "proto/ipc/messages.h"
#include "workerd/crawl/fetch/robots_cache.h"

#define VISIT_DETAIL_MAX URL_MAX

struct visit;

/* The version of a page that is known. */
struct visit_version {
	char etag[FETCH_ETAG_MAX + 1]; /* "": none */
	char last_modified[FETCH_MODIFIED_MAX + 1];
};

/* What a visit asks its source. */
struct visit_policy {
	/* Whether a redirect may lead to this address, which is not the first one. */
	bool (*follows)(void *arg, const char *url);
	/* The known version of this address; it stays unchanged for none. NULL: none is known. */
	void (*version)(void *arg, const char *url, struct visit_version *version);
};

struct visit_config {
	struct event_base *base;
	struct hosts *hosts;
	struct robots_cache *robots;
	const char *agent;
	const char *url; /* in normal form; copied */
	uint16_t port;   /* that is allowed beside 80 and 443 */
	size_t bytes_max;
	bool
	    ignores_robots; /* of the address itself, such as a sitemap that robots.txt names */
	const struct visit_policy *policy;
	void *policy_arg;
};

struct visit_result {
	enum page_reason reason; /* REASON_NONE: a response with status 2xx or 304 */
	char detail[VISIT_DETAIL_MAX + 1];
	int status;      /* of the last response; 0: none */
	const char *url; /* of the last response */
	bool redirected;
	bool robots_failed; /* robots.txt could not be read, so that nothing may be fetched */
	struct fetch_response *response; /* NULL: none */
};

/* Called once, later, unless the visit is cancelled. The result is valid during the call. */
typedef void visit_fn(void *arg, struct visit_result *result);

struct visit *visit_start(const struct visit_config *config, visit_fn *fn, void *arg);

void visit_cancel(struct visit *visit);

#endif
