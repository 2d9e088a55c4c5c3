/*
 * The hosts that are crawled: each gets one request at a time, and CRAWL_DELAY_MS or its Crawl-delay from the start of
 * one to the start of the next, whichever source it is for.
 */
#ifndef WORKERD_CRAWL_FETCH_HOSTS_H
#define WORKERD_CRAWL_FETCH_HOSTS_H

#include "workerd/crawl/fetch/fetch.h"

struct hosts;
struct host_turn;

/* fetcher is borrowed. delay_ms: CRAWL_DELAY_MS. */
struct hosts *hosts_new(
    struct event_base *base, struct fetch_engine *fetcher, unsigned delay_ms);

/* All turns must have ended or been cancelled. */
void hosts_free(struct hosts *hosts);

/* Makes a request when it is its host's turn; its parts are copied. delay_ms: the host's Crawl-delay. fn is called
 * once, later, unless the turn is cancelled. */
struct host_turn *hosts_fetch(struct hosts *hosts, const struct fetch_request *request,
    unsigned delay_ms, fetch_fn *fn, void *arg);

void host_turn_cancel(struct host_turn *turn);

/* The host of this address asks for a pause: no request to it before that time has passed (at most an hour). */
void hosts_pause(struct hosts *hosts, const char *url, unsigned seconds);

#endif
