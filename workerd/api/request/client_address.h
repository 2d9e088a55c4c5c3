/*
 * The address of a request's client and the scheme it used, also behind proxies.
 *
 * X-Forwarded-For and X-Forwarded-Proto are trusted only on connections from TRUSTED_PROXIES, and ignored
 * otherwise, as behind a PROXY header that announces nobody. `Forwarded` (RFC 7239) is always ignored, because
 * proxies forward it as the client sent it.
 */
#ifndef WORKERD_API_REQUEST_CLIENT_ADDRESS_H
#define WORKERD_API_REQUEST_CLIENT_ADDRESS_H

#include "proto/base/network.h"
#include "workerd/http/message/http_parse.h"

enum client_scheme {
	SCHEME_UNKNOWN, /* plain HTTP here; an unknown proxy may have terminated TLS */
	SCHEME_HTTP,
	SCHEME_HTTPS,
};

struct client_address {
	struct ip_address address; /* len 0: a Unix socket */
	enum client_scheme scheme;
	bool trusted_peer; /* the connection comes from a trusted proxy */
};

/*
 * Determines address and scheme. peer: address bytes of the connection; tls: it is encrypted.
 *
 * The address is the rightmost in X-Forwarded-For (all its fields together) that is not a trusted proxy.
 * An invalid member ends the search with the address before it, since the rest may be forged. The scheme
 * is the last member of X-Forwarded-Proto, which the nearest proxy wrote; without it, that of the
 * connection.
 */
struct client_address client_address_of(const struct http_request *req, struct slice peer,
    bool tls, const struct network_list *trusted);

#endif
