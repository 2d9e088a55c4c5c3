/*
 * A transfer like that of any visitor's message (chat/upstream.h), given up as soon as its status is
 * there.
 */
#include "workerd/model_check.h"

#include <stdio.h>
#include <sysexits.h>

#include "proto/basics.h"
#include "proto/json_escape.h"
#include "workerd/chat/upstream.h"

#define BODY_MAX 4096

/* For all of it: a person waits. */
#define TOTAL_MS 30000

struct check {
	struct upstream_transfer *transfer;
	bool ended;
	int status; /* of HTTP; 0: there was none */
	char detail[256];
};

static void
on_headers(void *arg, int status, unsigned retry_after_ms)
{
	struct check *c = arg;

	(void)retry_after_ms;
	c->status = status;
	c->ended = true;
	upstream_cancel(c->transfer);
}

static void
on_data(void *arg, struct slice piece)
{
	(void)arg, (void)piece;
}

static void
on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct check *c = arg;

	(void)how;
	c->ended = true;
	snprintf(c->detail, sizeof(c->detail), "%s", detail);
}

/* A question that is cheap to answer. */
static void
write_question(struct buf *body, const char *model)
{
	buf_init(body, BODY_MAX);
	must(buf_printf(body, "{\"model\":\"") == 0);
	must(json_escape(body, slice_str(model)) == 0);
	must(buf_printf(body,
		 "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Say "
		 "OK.\"}]}") == 0);
}

static void
ask(struct check *c, const struct settings *s)
{
	static const struct upstream_events events = {on_headers, on_data, on_end};
	struct event_base *base = event_base_new();
	struct upstream *upstream;
	struct buf body;
	char url[4096];

	must(base != NULL);
	snprintf(url, sizeof(url), "%s/chat/completions", s->openai_base_url);
	upstream = upstream_new(&(struct upstream_config){
	    .base = base,
	    .url = url,
	    .key = s->openai_api_key,
	    .ca_bundle = s->openai_ca_bundle,
	    .proxy = s->openai_proxy,
	    .connect_ms = s->openai_connect_timeout_ms,
	    .first_byte_ms = s->openai_first_byte_timeout_ms,
	    .idle_ms = s->openai_idle_timeout_ms,
	});
	write_question(&body, s->openai_model);
	c->transfer = upstream_post(upstream, &body, TOTAL_MS, &events, c);
	while (!c->ended)
		must(event_base_loop(base, EVLOOP_ONCE) != -1);
	upstream_free(upstream);
	event_base_free(base);
}

static int
tell(const struct check *c, const struct settings *s)
{
	const char *url = s->openai_base_url;

	if (c->status >= 200 && c->status < 300) {
		printf("The model %s at %s answers.\n", s->openai_model, url);
		return EX_OK;
	}
	if (c->status == 0)
		fprintf(stderr, "No answer from %s: %s\n", url, c->detail);
	else if (c->status == 401 || c->status == 403)
		fprintf(stderr, "%s refuses the key (status %d).\n", url, c->status);
	else
		fprintf(stderr, "%s answers %d for the model %s.\n", url, c->status,
		    s->openai_model);
	if (c->status == 401 || c->status == 403)
		return EX_NOPERM;
	return c->status == 400 || c->status == 404 ? EX_CONFIG : EX_UNAVAILABLE;
}

int
model_check(const struct settings *s)
{
	struct check c = {0};

	ask(&c, s);
	return tell(&c, s);
}
