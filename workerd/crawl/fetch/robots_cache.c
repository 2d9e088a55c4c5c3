#include "workerd/crawl/fetch/robots_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define ORIGINS_MAX 256                /* that are kept */
#define RULES_MAX   ((size_t)16 << 20) /* bytes of their rules */

struct robots_ask {
	struct robots_origin *origin;
	robots_cache_fn *fn;
	void *arg;
	TAILQ_ENTRY(robots_ask) link;
};

struct robots_origin {
	struct robots_cache *cache;
	char *name;
	struct robots *robots; /* NULL: not known yet */
	uint64_t until_ms;     /* on the monotonic clock */
	bool read;             /* these rules were read, and not assumed */
	enum fetch_outcome outcome;
	int status;
	char detail[FETCH_DETAIL_MAX + 1];
	struct host_turn *turn; /* NULL: nothing is asked */
	char *agent;
	unsigned redirects;
	TAILQ_HEAD(, robots_ask) asks;
	LIST_ENTRY(robots_origin) link;
};

struct robots_cache {
	struct hosts *hosts;
	LIST_HEAD(, robots_origin) origins;
	size_t n;
	size_t bytes; /* of rules */
};

static void robots_cache_fetch(struct robots_origin *o, const char *url);

struct robots_cache *
robots_cache_new(struct hosts *hosts)
{
	struct robots_cache *cache = xcalloc(1, sizeof(*cache));

	cache->hosts = hosts;
	LIST_INIT(&cache->origins);
	return cache;
}

static void
robots_cache_drop(struct robots_origin *o)
{
	must(TAILQ_EMPTY(&o->asks));
	if (o->turn != NULL)
		host_turn_cancel(o->turn);
	LIST_REMOVE(o, link);
	o->cache->n--;
	o->cache->bytes -= robots_bytes(o->robots);
	robots_free(o->robots);
	free(o->name);
	free(o->agent);
	free(o);
}

void
robots_cache_free(struct robots_cache *cache)
{
	struct robots_origin *o;

	while ((o = LIST_FIRST(&cache->origins)) != NULL)
		robots_cache_drop(o);
	free(cache);
}

static void
robots_cache_answer(struct robots_origin *o)
{
	struct robots_ask *ask;

	while ((ask = TAILQ_FIRST(&o->asks)) != NULL) {
		robots_cache_fn *fn = ask->fn;
		void *arg = ask->arg;

		robots_ask_cancel(ask);
		fn(arg);
	}
}

static void
robots_cache_set(struct robots_origin *o, struct robots *robots, unsigned kept_ms, bool read)
{
	o->cache->bytes += robots_bytes(robots) - robots_bytes(o->robots);
	robots_free(o->robots);
	o->robots = robots;
	o->until_ms = clock_mono_ms() + kept_ms;
	o->read = read;
}

/* It could not be read. What was read before still counts. */
static void
robots_cache_fail(struct robots_origin *o, const struct fetch_response *response)
{
	if (o->read) {
		o->until_ms = clock_mono_ms() + ROBOTS_RETRY_MS;
		return;
	}
	o->outcome = response->outcome;
	o->status = response->status;
	snprintf(o->detail, sizeof(o->detail), "%s", response->detail);
	robots_cache_set(o, robots_all(false), ROBOTS_UNREAD_MS, false);
}

static bool
robots_cache_follows(struct robots_origin *o, const struct fetch_response *response)
{
	uint16_t port, own;

	if (response->outcome != FETCH_DONE || response->status < 300 ||
	    response->status >= 400 || response->location[0] == '\0' ||
	    ++o->redirects > REDIRECTS_MAX)
		return false;
	port = url_split(response->location).port;
	own = url_split(o->name).port;
	return port == 80 || port == 443 || port == own;
}

static void
robots_cache_on_done(void *arg, struct fetch_response *response)
{
	struct robots_origin *o = arg;
	/* More than ROBOTS_BYTES_MAX: the rest does not count. */
	bool cut = response->outcome == FETCH_SIZE && buf_len(&response->body) > 0;
	bool done = response->outcome == FETCH_DONE || cut;

	o->turn = NULL;
	if (robots_cache_follows(o, response)) {
		robots_cache_fetch(o, response->location);
		return;
	}
	if (done && response->status / 100 == 2)
		robots_cache_set(
		    o, robots_parse(buf_slice(&response->body)), ROBOTS_KEPT_MS, true);
	else if (done && response->status >= 300 && response->status < 500 &&
	    response->status != 429)
		robots_cache_set(o, robots_all(true), ROBOTS_KEPT_MS, true);
	else
		robots_cache_fail(o, response);
	if (o->read) {
		o->outcome = FETCH_DONE;
		o->status = 0;
	}
	robots_cache_answer(o);
}

static void
robots_cache_fetch(struct robots_origin *o, const char *url)
{
	struct fetch_request request = {
	    .url = url,
	    .agent = o->agent,
	    .etag = "",
	    .last_modified = "",
	    /* One more tells that the last line may be a part of one. */
	    .bytes_max = ROBOTS_BYTES_MAX + 1,
	};

	o->turn = hosts_fetch(o->cache->hosts, &request, 0, robots_cache_on_done, o);
}

/* Makes room for another origin. */
static void
robots_cache_sweep(struct robots_cache *cache)
{
	struct robots_origin *o, *next;

	for (o = LIST_FIRST(&cache->origins); o != NULL; o = next) {
		next = LIST_NEXT(o, link);
		if (TAILQ_EMPTY(&o->asks))
			robots_cache_drop(o);
	}
}

/* The entry of an address's origin, or NULL. */
static struct robots_origin *
robots_cache_find(struct robots_cache *cache, const char *url)
{
	struct slice name = url_split(url).origin;
	struct robots_origin *o;

	LIST_FOREACH (o, &cache->origins, link)
		/* A name has the path "/" behind the origin, so that it is an address. */
		if (slice_eq(
			(struct slice){(const uint8_t *)o->name, strlen(o->name) - 1}, name))
			return o;
	return NULL;
}

static struct robots_origin *
robots_cache_add(struct robots_cache *cache, const char *url, const char *agent)
{
	struct slice name = url_split(url).origin;
	struct robots_origin *o = xcalloc(1, sizeof(*o));

	if (cache->n >= ORIGINS_MAX || cache->bytes > RULES_MAX)
		robots_cache_sweep(cache);
	o->cache = cache;
	o->name = xcalloc(name.len + 2, 1);
	must(slice_copy(name, o->name, name.len));
	o->name[name.len] = '/';
	o->agent = xstrdup(agent);
	TAILQ_INIT(&o->asks);
	LIST_INSERT_HEAD(&cache->origins, o, link);
	cache->n++;
	return o;
}

bool
robots_cache_get(struct robots_cache *cache, const char *url, struct robots_known *known)
{
	const struct robots_origin *o = robots_cache_find(cache, url);

	if (o == NULL || o->robots == NULL || o->until_ms <= clock_mono_ms())
		return false;
	*known = (struct robots_known){o->robots, o->outcome, o->status, o->detail};
	return true;
}

struct robots_ask *
robots_cache_ask(struct robots_cache *cache, const char *url, const char *agent,
    robots_cache_fn *fn, void *arg)
{
	struct robots_origin *o = robots_cache_find(cache, url);
	struct robots_ask *ask = xcalloc(1, sizeof(*ask));
	char file[URL_MAX + sizeof("/robots.txt")];

	if (o == NULL)
		o = robots_cache_add(cache, url, agent);
	ask->origin = o;
	ask->fn = fn;
	ask->arg = arg;
	TAILQ_INSERT_TAIL(&o->asks, ask, link);
	if (o->turn == NULL) {
		o->redirects = 0;
		snprintf(file, sizeof(file), "%srobots.txt", o->name);
		robots_cache_fetch(o, file);
	}
	return ask;
}

void
robots_ask_cancel(struct robots_ask *ask)
{
	TAILQ_REMOVE(&ask->origin->asks, ask, link);
	free(ask);
}
