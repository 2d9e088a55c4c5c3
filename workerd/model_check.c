/*
 * A transfer like that of a visitor's message (upstream.h), cancelled when its status is there.
 */
#include "workerd/model_check.h"

#include <stdio.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "workerd/model/model_servers.h"

#define BODY_MAX 4096

/* Timeout of a request: a person waits. */
#define TOTAL_MS 30000

struct model_check_run {
	struct upstream_transfer *transfer;
	bool ended;
	int status; /* HTTP status; 0: none */
	char detail[256];
};

static void
model_check_on_headers(void *arg, const struct upstream_head *head, unsigned retry_after_ms)
{
	struct model_check_run *c = arg;

	(void)retry_after_ms;
	c->status = head->status;
	c->ended = true;
	upstream_cancel(c->transfer);
}

static void
model_check_on_data(void *arg, struct slice piece)
{
	(void)arg, (void)piece;
}

static void
model_check_on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct model_check_run *c = arg;

	(void)how;
	c->ended = true;
	snprintf(c->detail, sizeof(c->detail), "%s", detail);
}

/* A cheap request. */
static void
model_check_write_body(struct buf *body, const char *model, bool responses)
{
	buf_init(body, BODY_MAX);
	must(buf_printf(body, "{\"model\":\"") == 0);
	must(json_escape(body, slice_str(model)) == 0);
	must(buf_printf(body,
		 "\",\"stream\":true,%s:[{\"role\":\"user\",\"content\":\"Say OK.\"}]}",
		 responses ? "\"store\":false,\"input\"" : "\"messages\"") == 0);
}

static void
model_check_request(struct model_check_run *c, const struct model_server *server,
    struct event_base *base, const char *model, bool responses)
{
	static const struct upstream_events events = {
	    model_check_on_headers, model_check_on_data, model_check_on_end};
	struct buf body;

	*c = (struct model_check_run){0};
	model_check_write_body(&body, model, responses);
	c->transfer = upstream_post(server->upstream, responses ? server->responses_path : NULL,
	    &body, TOTAL_MS, &events, c);
	while (!c->ended)
		must(event_base_loop(base, EVLOOP_ONCE) != -1);
}

static int
model_check_report_failure(const struct model_check_run *c, const char *url, const char *model)
{
	if (c->status == 0) {
		fprintf(stderr, "No answer from %s: %s\n", url, c->detail);
		return EX_UNAVAILABLE;
	}
	if (c->status == 401 || c->status == 403) {
		fprintf(stderr, "%s refuses the key (status %d).\n", url, c->status);
		return EX_NOPERM;
	}
	fprintf(stderr,
	    "%s answers %d for the model %s. OPENAI_MODEL (banter setup --model) names it.\n",
	    url, c->status, model);
	return c->status == 400 || c->status == 404 ? EX_CONFIG : EX_UNAVAILABLE;
}

/* name NULL: the server of the settings. The agents choose the model of a named server: if that
 * does not know our model, it is still reachable and accepts the key. */
static int
model_check_report(
    const struct model_check_run *c, const char *name, const char *url, const char *model)
{
	if (c->status >= 200 && c->status < 300) {
		printf("The model %s at %s answers.\n", model, url);
		return EX_OK;
	}
	if (name != NULL && (c->status == 400 || c->status == 404)) {
		printf("%s at %s answers, but not for the model %s (status %d): its agents "
		       "must name another model.\n",
		    name, url, model, c->status);
		return EX_OK;
	}
	return model_check_report_failure(c, url, model);
}

int
model_check(const struct settings *s)
{
	struct event_base *base = event_base_new();
	struct model_servers servers = {0};
	const struct upstream_config config = {
	    .base = base,
	    .ca_bundle = s->openai_ca_bundle,
	    .proxy = s->openai_proxy,
	    .connect_ms = s->openai_connect_timeout_ms,
	    .first_byte_ms = s->openai_first_byte_timeout_ms,
	    .idle_ms = s->openai_idle_timeout_ms,
	};
	int result = EX_OK;

	must(base != NULL);
	model_servers_add_settings(&servers, &config, s);
	for (size_t i = 0; i < servers.n; i++) {
		const struct model_server *server = &servers.at[i];
		struct model_check_run c, other;
		int status;

		model_check_request(
		    &c, server, base, s->openai_model, server->api == MODEL_API_RESPONSES);
		/* It may have the model in its Responses API only. */
		if (server->api == MODEL_API_AUTO && (c.status == 400 || c.status == 404)) {
			model_check_request(&other, server, base, s->openai_model, true);
			c = other.status == 200 ? other : c;
		}
		status = model_check_report(
		    &c, server->name, settings_servers_at(s, i).url, s->openai_model);
		if (result == EX_OK)
			result = status;
	}
	model_servers_clear(&servers);
	event_base_free(base);
	return result;
}
