/*
 * When a server allows the next request: Retry-After (RFC 9110, section 10.2.3) and the fields that model servers
 * use in its place. Pure functions on borrowed bytes.
 */
#ifndef WORKERD_HTTP_MESSAGE_RETRY_AFTER_H
#define WORKERD_HTTP_MESSAGE_RETRY_AFTER_H

#include "proto/base/buf.h"

/* The limits that a server's fields name: of requests, of tokens, and any other. */
#define RETRY_AFTER_LIMITS 3

/* All zero before the first field. */
struct retry_after {
	bool given; /* by Retry-After or retry-after-ms, which precede the limits */
	uint64_t ms;
	struct {
		bool remains; /* the limit is not used up */
		uint64_t ms;
	} limits[RETRY_AFTER_LIMITS];
};

/* The milliseconds from now of a Retry-After: seconds, also with a fraction or a unit, or a date. 0 for a time that is
 * past, and for what is none of these. */
uint64_t retry_after_ms(struct slice value);

/* Takes a field of a response's head, whose name is in any case: Retry-After, retry-after-ms,
 * x-ratelimit-reset[-…] and x-ratelimit-remaining[-…] and their relatives. All others are ignored. */
void retry_after_read_field(struct retry_after *r, struct slice name, struct slice value);

/* The milliseconds of the first time that a sentence names, as in "Please try again in 2.1s"; 0: none. */
uint64_t retry_after_text_ms(struct slice text);

/* The milliseconds from now until the next request; 0: the server says nothing. Limits count only with
 * is_limited: servers send them with each response. */
uint64_t retry_after_result(const struct retry_after *r, bool is_limited);

#endif
