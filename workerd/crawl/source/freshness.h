/*
 * When a page is fetched again.
 */
#ifndef WORKERD_CRAWL_SOURCE_FRESHNESS_H
#define WORKERD_CRAWL_SOURCE_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

#define FRESHNESS_MIN_S   3600u          /* 1 hour */
#define FRESHNESS_MAX_S   (14u * 86400u) /* 14 days */
#define FRESHNESS_FIRST_S 86400u         /* of a page that was never fetched before */

/* The next interval in seconds, after a fetch that found the text changed or not. before_s: the last interval; 0: this
 * was the first fetch. fixed_minutes: what the owner has set for the source; 0: nothing. */
uint32_t freshness_interval(uint32_t before_s, bool changed, uint32_t fixed_minutes);

/* The pause in seconds before a page whose fetch failed is tried again. */
uint32_t freshness_retry(uint32_t interval_s);

/* The pause in ms before a source of which no page could be read is tried again. before_ms: the last such pause; 0: this
 * was the first failure. */
uint64_t freshness_first_retry(uint64_t before_ms);

#endif
