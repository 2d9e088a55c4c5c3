/*
 * What comes of a request: the parts of the response that crawld uses.
 */
#ifndef WORKERD_CRAWL_FETCH_FETCH_RESPONSE_H
#define WORKERD_CRAWL_FETCH_FETCH_RESPONSE_H

#include "workerd/crawl/rules/robots_tag.h"
#include "workerd/crawl/rules/url.h"

#define FETCH_ETAG_MAX     256 /* as in SOURCE_PAGE_RECORD, like the next two */
#define FETCH_MODIFIED_MAX 64
#define FETCH_TYPE_MAX     100
#define FETCH_CHARSET_MAX  40
#define FETCH_DETAIL_MAX   120

enum fetch_outcome {
	FETCH_DONE,    /* there is a status */
	FETCH_SIZE,    /* the body is longer than the limit */
	FETCH_TIMEOUT, /* it was not complete in time */
	FETCH_ADDRESS, /* the host's address may not be connected to */
	FETCH_NETWORK, /* anything else: no such host, no connection, a bad certificate, an invalid response */
};

struct fetch_response {
	enum fetch_outcome outcome;
	char detail[FETCH_DETAIL_MAX + 1]; /* why it failed, ASCII */
	int status;
	/* Decoded; with FETCH_SIZE, its beginning up to the limit. The receiver may take it by buf_init() of this one. */
	struct buf body;
	char type[FETCH_TYPE_MAX +
	    1]; /* lower case, without parameters; as the next ones, "": none */
	char charset[FETCH_CHARSET_MAX + 1];
	char etag[FETCH_ETAG_MAX + 1];
	char last_modified[FETCH_MODIFIED_MAX + 1];
	char location[URL_MAX + 1]; /* of a redirect, in normal form; "": none that is valid */
	struct robots_tag tag;
	unsigned retry_after_s;
	bool challenge; /* it has a WWW-Authenticate field */
};

#endif
