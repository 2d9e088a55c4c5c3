/*
 * The fields of a response that crawld uses.
 */
#ifndef WORKERD_CRAWL_FETCH_FETCH_FIELDS_H
#define WORKERD_CRAWL_FETCH_FETCH_FIELDS_H

#include "workerd/crawl/fetch/fetch_response.h"

/* Takes a line of the response's head. url: of the request, for a relative Location. A status line begins a new
 * head. */
void fetch_fields_take(struct fetch_response *response, struct slice line, const char *url);

#endif
