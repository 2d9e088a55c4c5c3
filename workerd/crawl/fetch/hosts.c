#include "workerd/crawl/fetch/hosts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define PAUSE_MAX_S 3600u
#define IDLE_MAX    64 /* hosts without requests that are remembered */

struct host_turn {
	struct host *host;
	char *url, *agent, *etag, *last_modified;
	size_t bytes_max;
	unsigned delay_ms;
	struct fetch *fetch; /* NULL: it waits */
	fetch_fn *fn;
	void *arg;
	TAILQ_ENTRY(host_turn) link;
};

struct host {
	struct hosts *all;
	char *name;
	uint64_t next_ms; /* on the monotonic clock: no request before */
	struct event *timer;
	TAILQ_HEAD(, host_turn) turns; /* the first one may be running */
	LIST_ENTRY(host) link;
};

struct hosts {
	struct event_base *base;
	struct fetch_engine *fetcher;
	unsigned delay_ms;
	LIST_HEAD(, host) list;
	size_t n;
};

struct hosts *
hosts_new(struct event_base *base, struct fetch_engine *fetcher, unsigned delay_ms)
{
	struct hosts *hosts = xcalloc(1, sizeof(*hosts));

	hosts->base = base;
	hosts->fetcher = fetcher;
	hosts->delay_ms = delay_ms;
	LIST_INIT(&hosts->list);
	return hosts;
}

static void
host_free(struct host *host)
{
	must(TAILQ_EMPTY(&host->turns));
	LIST_REMOVE(host, link);
	host->all->n--;
	event_free(host->timer);
	free(host->name);
	free(host);
}

void
hosts_free(struct hosts *hosts)
{
	struct host *host;

	while ((host = LIST_FIRST(&hosts->list)) != NULL)
		host_free(host);
	free(hosts);
}

static void
host_turn_free(struct host_turn *turn)
{
	TAILQ_REMOVE(&turn->host->turns, turn, link);
	free(turn->url);
	free(turn->agent);
	free(turn->etag);
	free(turn->last_modified);
	free(turn);
}

/* Waits until the first turn may start, also if that is now: nothing is called from within hosts_fetch(). */
static void
host_schedule(struct host *host)
{
	const struct host_turn *turn = TAILQ_FIRST(&host->turns);
	uint64_t now = clock_mono_ms();
	struct timeval in;

	if (turn == NULL || turn->fetch != NULL)
		return;
	in = clock_timeval(host->next_ms > now ? host->next_ms - now : 0);
	must(event_add(host->timer, &in) == 0);
}

static void
host_on_done(void *arg, struct fetch_response *response)
{
	struct host_turn *turn = arg;
	struct host *host = turn->host;
	fetch_fn *fn = turn->fn;
	void *fn_arg = turn->arg;

	host_turn_free(turn);
	host_schedule(host);
	fn(fn_arg, response);
}

static void
host_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct host *host = arg;
	struct host_turn *turn = TAILQ_FIRST(&host->turns);
	struct fetch_request request;

	(void)fd;
	(void)what;
	if (turn == NULL || turn->fetch != NULL)
		return;
	request = (struct fetch_request){
	    .url = turn->url,
	    .agent = turn->agent,
	    .etag = turn->etag,
	    .last_modified = turn->last_modified,
	    .bytes_max = turn->bytes_max,
	};
	host->next_ms = clock_mono_ms() + turn->delay_ms;
	turn->fetch = fetch_start(host->all->fetcher, &request, host_on_done, turn);
}

/* Forgets hosts that nobody asks and that need no pause. */
static void
hosts_sweep(struct hosts *hosts)
{
	struct host *host, *next;

	for (host = LIST_FIRST(&hosts->list); host != NULL; host = next) {
		next = LIST_NEXT(host, link);
		if (TAILQ_EMPTY(&host->turns) && host->next_ms <= clock_mono_ms())
			host_free(host);
	}
}

static struct host *
hosts_find(struct hosts *hosts, const char *url)
{
	struct slice name = url_split(url).host;
	struct host *host;

	LIST_FOREACH (host, &hosts->list, link)
		if (slice_eq_str(name, host->name))
			return host;
	if (hosts->n >= IDLE_MAX)
		hosts_sweep(hosts);
	host = xcalloc(1, sizeof(*host));
	host->all = hosts;
	host->name = slice_strdup(name);
	host->timer = evtimer_new(hosts->base, host_on_timer, host);
	must(host->timer != NULL);
	TAILQ_INIT(&host->turns);
	LIST_INSERT_HEAD(&hosts->list, host, link);
	hosts->n++;
	return host;
}

struct host_turn *
hosts_fetch(struct hosts *hosts, const struct fetch_request *request, unsigned delay_ms,
    fetch_fn *fn, void *arg)
{
	struct host *host = hosts_find(hosts, request->url);
	struct host_turn *turn = xcalloc(1, sizeof(*turn));

	turn->host = host;
	turn->url = xstrdup(request->url);
	turn->agent = xstrdup(request->agent);
	turn->etag = xstrdup(request->etag);
	turn->last_modified = xstrdup(request->last_modified);
	turn->bytes_max = request->bytes_max;
	turn->delay_ms = delay_ms > hosts->delay_ms ? delay_ms : hosts->delay_ms;
	turn->fn = fn;
	turn->arg = arg;
	TAILQ_INSERT_TAIL(&host->turns, turn, link);
	host_schedule(host);
	return turn;
}

void
host_turn_cancel(struct host_turn *turn)
{
	struct host *host = turn->host;

	if (turn->fetch != NULL)
		fetch_cancel(turn->fetch);
	host_turn_free(turn);
	host_schedule(host);
}

void
hosts_pause(struct hosts *hosts, const char *url, unsigned seconds)
{
	struct host *host = hosts_find(hosts, url);
	uint64_t until =
	    clock_mono_ms() + (seconds < PAUSE_MAX_S ? seconds : PAUSE_MAX_S) * 1000u;

	if (until > host->next_ms)
		host->next_ms = until;
	host_schedule(host);
}
