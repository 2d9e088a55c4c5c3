#include "workerd/crawl/fetch/visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"

struct visit {
	struct visit_config config;
	char url[URL_MAX + 1];
	unsigned redirects;
	struct robots_ask *ask;
	struct host_turn *turn;
	struct event *begin;
	bool robots_failed;
	visit_fn *fn;
	void *arg;
};

static void visit_check(struct visit *v);

static void
visit_free(struct visit *v)
{
	if (v->ask != NULL)
		robots_ask_cancel(v->ask);
	if (v->turn != NULL)
		host_turn_cancel(v->turn);
	event_free(v->begin);
	free(v);
}

void
visit_cancel(struct visit *v)
{
	visit_free(v);
}

static void
visit_end(struct visit *v, enum page_reason reason, const char *detail,
    struct fetch_response *response)
{
	struct visit_result result = {
	    .reason = reason,
	    .status =
		response == NULL || response->outcome != FETCH_DONE ? 0 : response->status,
	    .url = v->url,
	    .redirected = v->redirects > 0,
	    .robots_failed = v->robots_failed,
	    .response = response,
	};

	snprintf(result.detail, sizeof(result.detail), "%s", detail);
	v->fn(v->arg, &result);
	visit_free(v);
}

/* A login is often a redirect to a form. */
static bool
visit_is_login(const char *url)
{
	static const char *const names[] = {
	    "login", "log-in", "signin", "sign-in", "wp-login.php", "sso", "auth"};
	const char *path = (const char *)url_split(url).path.p;

	while (*path == '/') {
		size_t n = strcspn(++path, "/?");

		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (strlen(names[i]) == n && strncasecmp(path, names[i], n) == 0)
				return true;
		path += n;
	}
	return false;
}

static bool
visit_allows_port(const struct visit *v, const char *url)
{
	uint16_t port = url_split(url).port;

	return port == 80 || port == 443 || port == v->config.port;
}

/* Goes on to a redirect's target, or ends. */
static void
visit_redirect(struct visit *v, struct fetch_response *response)
{
	const char *to = response->location;

	if (to[0] == '\0')
		visit_end(v, REASON_REDIRECTS, "a redirect without a valid address", response);
	else if (v->redirects == REDIRECTS_MAX)
		visit_end(v, REASON_REDIRECTS, "more than 5 redirects", response);
	else if (strcmp(to, v->url) == 0)
		visit_end(v, REASON_REDIRECTS, "a redirect to itself", response);
	else if (visit_is_login(to))
		visit_end(v, REASON_LOGIN, to, response);
	else if (!visit_allows_port(v, to))
		visit_end(v, REASON_ADDRESS, to, response);
	else if (!v->config.policy->follows(v->config.policy_arg, to))
		visit_end(v, REASON_REDIRECTS, to, response);
	else {
		v->redirects++;
		memcpy(v->url, to, strlen(to) + 1);
		visit_check(v);
	}
}

static enum page_reason
visit_reason(enum fetch_outcome outcome)
{
	static const enum page_reason reasons[] = {
	    [FETCH_DONE] = REASON_NONE,
	    [FETCH_SIZE] = REASON_SIZE,
	    [FETCH_TIMEOUT] = REASON_TIMEOUT,
	    [FETCH_ADDRESS] = REASON_ADDRESS,
	    [FETCH_NETWORK] = REASON_NETWORK,
	};

	return reasons[outcome];
}

static void
visit_on_response(void *arg, struct fetch_response *response)
{
	struct visit *v = arg;
	char detail[FETCH_DETAIL_MAX + 1];
	int status = response->status;

	v->turn = NULL;
	if (response->outcome != FETCH_DONE) {
		visit_end(v, visit_reason(response->outcome), response->detail, response);
		return;
	}
	if (status == 429 || status == 503)
		hosts_pause(v->config.hosts, v->url, response->retry_after_s);
	if (status / 100 == 2 || status == 304) {
		visit_end(v, REASON_NONE, "", response);
		return;
	}
	if (status / 100 == 3) {
		visit_redirect(v, response);
		return;
	}
	snprintf(detail, sizeof(detail), "%d", status);
	visit_end(v, status == 401 || response->challenge ? REASON_LOGIN : REASON_STATUS,
	    detail, response);
}

static void
visit_fetch(struct visit *v, unsigned delay_ms)
{
	struct visit_version version = {0};
	struct fetch_request request = {
	    .url = v->url,
	    .agent = v->config.agent,
	    .etag = version.etag,
	    .last_modified = version.last_modified,
	    .bytes_max = v->config.bytes_max,
	};

	if (v->config.policy->version != NULL)
		v->config.policy->version(v->config.policy_arg, v->url, &version);
	v->turn = hosts_fetch(v->config.hosts, &request, delay_ms, visit_on_response, v);
}

static void
visit_refuse(struct visit *v, const struct robots_known *known)
{
	char detail[FETCH_DETAIL_MAX + 32];

	v->robots_failed = known->status != 0;
	if (known->outcome != FETCH_DONE) {
		visit_end(v, visit_reason(known->outcome), known->detail, NULL);
		return;
	}
	if (known->status != 0)
		snprintf(detail, sizeof(detail), "robots.txt: status %d", known->status);
	else
		snprintf(detail, sizeof(detail), "robots.txt disallows it");
	visit_end(v, REASON_ROBOTS, detail, NULL);
}

static void
visit_on_robots(void *arg)
{
	struct visit *v = arg;

	v->ask = NULL;
	visit_check(v);
}

static bool
visit_allows(const struct visit *v, const struct robots_known *known)
{
	bool is_read = known->outcome == FETCH_DONE && known->status == 0;

	return (is_read && v->config.ignores_robots && v->redirects == 0) ||
	    robots_allows(known->robots, url_split(v->url).path);
}

static void
visit_check(struct visit *v)
{
	struct robots_known known;

	if (!robots_cache_get(v->config.robots, v->url, &known))
		v->ask = robots_cache_ask(
		    v->config.robots, v->url, v->config.agent, visit_on_robots, v);
	else if (visit_allows(v, &known))
		visit_fetch(v, robots_delay_ms(known.robots));
	else
		visit_refuse(v, &known);
}

static void
visit_on_begin(evutil_socket_t fd, short what, void *arg)
{
	struct visit *v = arg;

	(void)fd;
	(void)what;
	if (visit_allows_port(v, v->url))
		visit_check(v);
	else
		visit_end(v, REASON_ADDRESS, v->url, NULL);
}

struct visit *
visit_start(const struct visit_config *config, visit_fn *fn, void *arg)
{
	struct visit *v = xcalloc(1, sizeof(*v));

	v->config = *config;
	snprintf(v->url, sizeof(v->url), "%s", config->url);
	v->config.url = v->url;
	v->fn = fn;
	v->arg = arg;
	/* A refusal must not come from within this function. */
	v->begin = evtimer_new(config->base, visit_on_begin, v);
	must(v->begin != NULL && event_add(v->begin, &(struct timeval){0}) == 0);
	return v;
}
