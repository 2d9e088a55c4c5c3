/*
 * One request of model_list.h, in an event loop of its own.
 */
#include "workerd/model_names.h"

#include <stdio.h>
#include <sysexits.h>

#include <jansson.h>

#include "proto/base/basics.h"
#include "workerd/model/model_list.h"

/* How long a person waits, at most. */
#define TOTAL_MS 10000

struct model_names_run {
	const char *url;
	bool ended;
	int status; /* of the program */
};

/* 0, or -1 if the answer is not a list of models. */
static int
model_names_print(struct slice body)
{
	const char *names[MODEL_NAMES_MAX];
	size_t n;
	json_t *answer = model_list_read(body, names, &n);

	for (size_t i = 0; i < n; i++)
		puts(names[i]);
	json_decref(answer);
	return n > 0 ? 0 : -1;
}

static void
model_names_on_list(void *arg, const struct model_list_result *result)
{
	struct model_names_run *run = arg;

	run->ended = true;
	if (result->status == 200 && model_names_print(result->body) == 0)
		return;
	run->status = EX_UNAVAILABLE;
	if (result->status == 0) {
		fprintf(stderr, "No answer from %s: %s\n", run->url, result->error);
	} else if (result->status == 401 || result->status == 403) {
		fprintf(stderr, "%s refuses the key (status %d).\n", run->url, result->status);
		run->status = EX_NOPERM;
	} else {
		fprintf(stderr, "%s has no list of models (status %d).\n", run->url,
		    result->status);
	}
}

int
model_names(const struct settings *s)
{
	struct event_base *base = event_base_new();
	struct model_names_run run = {.url = s->openai_base_url};
	const struct server_setting server = settings_servers_at(s, 0);
	struct model_lister *lister;

	must(base != NULL);
	lister = model_lister_new(&(struct model_lister_config){
	    .base = base,
	    .proxy = s->openai_proxy,
	    .ca_bundle = s->openai_ca_bundle,
	    .connect_ms = s->openai_connect_timeout_ms,
	    .total_ms = TOTAL_MS,
	});
	must(model_list_start(lister, &server, model_names_on_list, &run) != NULL);
	while (!run.ended)
		must(event_base_loop(base, EVLOOP_ONCE) != -1);
	model_lister_free(lister);
	event_base_free(base);
	return run.status;
}
