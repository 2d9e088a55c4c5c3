/*
 * Where a model server is: what its URL says, and the proxy on the way to it.
 */
#ifndef WORKERD_MODEL_UPSTREAM_TARGET_H
#define WORKERD_MODEL_UPSTREAM_TARGET_H

#include <stdbool.h>

struct upstream_target {
	char *url;
	char *tcp_url; /* for a connection without TLS: "http://host:port/" */
	bool tls;
	char *host;      /* a name or an address, without brackets */
	bool is_address; /* the host is an IP address */
	char *authority; /* host, and port unless it is the scheme's (RFC 9110, section 7.2) */
	char *path;      /* with the query */

	char *proxy; /* a URL; empty: none */
	unsigned proxy_port;
	bool proxy_tls;            /* it is an https proxy */
	bool proxy_forwards;       /* it gets requests; otherwise it passes on bytes */
	char *proxy_authorization; /* then, "Basic …"; NULL: none */
};

/* The URL must be valid. proxy NULL: from the environment, as in curl(1). */
void upstream_target_init(struct upstream_target *t, const char *url, const char *proxy);
void upstream_target_clear(struct upstream_target *t);

#endif
