/*
 * Who sends a request: the client's address and the scheme it used, also behind proxies.
 *
 * A proxy's word is taken only if the connection comes from one of TRUSTED_PROXIES; anybody else's
 * X-Forwarded-For and X-Forwarded-Proto are as if they were not there. `Forwarded` (RFC 7239) is
 * not read: proxies pass on what a client made up in it.
 */
#ifndef WORKERD_API_REQUEST_CLIENT_ADDRESS_H
#define WORKERD_API_REQUEST_CLIENT_ADDRESS_H

#include "proto/base/network.h"
#include "workerd/http/message/http_parse.h"

enum client_scheme {
	SCHEME_UNKNOWN, /* plain to us; a proxy that we are not told of may have had it by TLS */
	SCHEME_HTTP,
	SCHEME_HTTPS,
};

struct client_address {
	struct ip_address address; /* none: not over the Internet */
	enum client_scheme scheme;
	bool trusted_peer; /* the connection is one of a trusted proxy */
};

/*
 * Reads what the request and its connection tell.
 *
 * The address: from the right end of X-Forwarded-For (all its fields, one after the other) the
 * first that is no trusted proxy's. What is no address ends the search: then it is the last one
 * before that, since whoever wrote the rest is unknown. The scheme: the last member of
 * X-Forwarded-Proto, which the proxy next to us has written; without its word, that of the
 * connection, if it came to us by TLS.
 */
struct client_address client_address_of(const struct http_request *req, struct slice peer,
    bool tls, const struct network_list *trusted);

#endif
