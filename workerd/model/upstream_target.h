/*
 * Where a model server is: what its URL says, and the proxy on the way to it.
 */
#ifndef WORKERD_MODEL_UPSTREAM_TARGET_H
#define WORKERD_MODEL_UPSTREAM_TARGET_H

#include <stdbool.h>

struct upstream_target {
	char *origin, *path; /* scheme://authority, without user and password; the URL's path */
	char *authorization; /* "Basic …" if the URL names a user; NULL: none */
	bool tls;
	char *authority; /* of the URL: host, and port if it names one */
	char *host;      /* a name without a dot at its end, or an address without brackets */
	char *tcp_url;   /* for a connection without TLS: "http://host:port/" */

	char *proxy; /* a URL; empty: none */
	bool proxy_tls;
	/* It is an http or https proxy, and the server has no TLS: then it gets the requests. Otherwise it
	 * passes on bytes. */
	bool proxy_forwards;
	long proxy_port;           /* then */
	char *proxy_authorization; /* then, "Basic …"; NULL: none */
};

/* url: http or https, with a path. proxy NULL: from the environment, as in curl(1). */
void upstream_target_init(struct upstream_target *t, const char *url, const char *proxy);
void upstream_target_clear(struct upstream_target *t);

bool upstream_target_is_address(const struct upstream_target *t);

#endif
