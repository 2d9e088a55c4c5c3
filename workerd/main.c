/*
 * workerd: a worker process. masterd starts it with the control socket on descriptor 3 and the
 * scoreboard on 4; it serves HTTP to the connections that it receives, and talks to the model
 * servers and storaged.
 *
 * One event loop, one thread. After each turn of the loop, all queued output is sent to clients,
 * storaged and masterd, in as few writes as possible; tokens are sent to clients at once.
 */
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <bsd/stdlib.h>
#include <bsd/unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/ipc/scoreboard.h"
#include "proto/process/call_filter.h"
#include "proto/process/privileges.h"
#include "proto/settings/settings.h"
#include "workerd/actions/action_runner.h"
#include "workerd/actions/tool_changes.h"
#include "workerd/api/api.h"
#include "workerd/control.h"
#include "workerd/http/http_server.h"
#include "workerd/http/tls.h"
#include "workerd/knowledge/embeddings.h"
#include "workerd/memory_return.h"
#include "workerd/model_check.h"
#include "workerd/model_names.h"
#include "workerd/search/search_client.h"
#include "workerd/store/store_client.h"
#include "workerd/turn/turn_service.h"

#define CONTROL_FD    3
#define SCOREBOARD_FD 4

/* Descriptors reserved for other uses than clients and their model connections: the store, the
 * resolver, and connections beyond the limit that arrive in one loop turn. */
#define FILES_RESERVED (64 + 2 * CONTROL_UNTAKEN_MAX)

/* Events of connections to the model after which a turn's other output is sent too. */
#define MODEL_EVENTS_MAX 64

#define MODEL_REST_MS   60000 /* idle connections to the model are closed after this time */
#define ORPHAN_DRAIN_MS 10000 /* after masterd has ended */
#define CUT_DRAIN_MS    800   /* for requests to storaged after running turns were cut */

struct worker {
	unsigned number;
	struct settings settings;
	struct event_base *base;
	struct scoreboard *board;
	struct scoreboard_worker *me;
	struct store_client *store;
	struct search_client *search;
	struct action_runner *actions;
	struct embeddings *embeddings; /* NULL: without EMBEDDING_MODEL */
	struct turns turns;
	struct api *api;
	struct tls *tls;
	struct http_server *http;
	struct control *control;
	struct event *deadline;
	struct event *memory_timer;
	struct memory_return memory;
	size_t connections_max;
	unsigned model_events;   /* since the end of a turn */
	uint64_t drain_until_ms; /* clock_mono_ms(); the earliest of all drain commands */
	bool draining, cut, out_of_time;
	bool encrypts; /* it has a certificate */
};

static void
worker_on_drain_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct timeval in = clock_timeval(CUT_DRAIN_MS);

	(void)fd;
	(void)what;
	if (w->cut) {
		turn_service_report_shutdown(&w->turns);
		w->out_of_time = true;
		return;
	}
	w->cut = true;
	log_event(LOG_WARN, "drain_cut", L_UINT("turns", turn_service_running(&w->turns)),
	    L_UINT("connections", http_server_connections(w->http)));
	turn_service_interrupt(&w->turns);
	evtimer_add(w->deadline, &in);
}

/* A worker that a reload replaced drains for a long time; when the service stops, masterd sends a
 * shorter time. */
static void
worker_start_drain(void *arg, unsigned within_ms)
{
	struct worker *w = arg;
	struct timeval in = clock_timeval(within_ms);
	uint64_t until_ms = clock_mono_ms() + within_ms;

	if (w->cut || (w->draining && until_ms >= w->drain_until_ms))
		return;
	log_event(LOG_INFO, "drain", L_UINT("within_ms", within_ms),
	    L_UINT("turns", turn_service_running(&w->turns)),
	    L_UINT("connections", http_server_connections(w->http)));
	if (!w->draining) {
		api_drain(w->api);
		if (w->embeddings != NULL)
			embeddings_stop(w->embeddings);
		http_server_drain(w->http);
	}
	w->draining = true;
	w->drain_until_ms = until_ms;
	evtimer_add(w->deadline, &in);
}

static void
worker_on_master_lost(void *arg)
{
	worker_start_drain(arg, ORPHAN_DRAIN_MS);
}

static bool
worker_is_done(const struct worker *w)
{
	if (!w->draining)
		return false;
	return w->out_of_time ||
	    (turn_service_running(&w->turns) == 0 &&
		(w->cut || action_runner_running(w->actions) == 0) &&
		(w->cut || (http_server_connections(w->http) == 0 && api_is_idle(w->api))));
}

static void
worker_on_connection(void *arg, int fd, const struct msg_connection *from)
{
	struct worker *w = arg;
	struct http_peer peer = {
	    .address = from->peer, .port = from->port, .loopback = from->loopback};

	int (*adopt)(struct http_server *, int, uint64_t, const struct http_peer *) =
	    from->proxied ? http_server_adopt_proxied : http_server_adopt;

	if (adopt(w->http, fd, from->number, &peer) == -1)
		log_event(
		    LOG_ERROR, "connection_refused", L_UINT("conn", from->number), L_ERRNO());
}

static void
worker_on_ticket_keys(void *arg, const struct msg_ticket_keys *keys)
{
	struct worker *w = arg;

	tls_set_ticket_keys(w->tls, keys->current, keys->previous);
}

/* masterd has checked the certificate; if OpenSSL refuses it, the old one stays in use. Without an
 * old one the worker ends: passwords must not be sent in plain text. */
static void
worker_on_tls_certificate(void *arg, const struct msg_tls_certificate *certificate)
{
	struct worker *w = arg;
	const char *why;

	if (tls_set_identity(w->tls, certificate->chain, certificate->key, &why) == 0) {
		http_server_use_tls(w->http, w->tls);
		w->encrypts = true;
		return;
	}
	log_event(LOG_ERROR, "tls_identity_refused", L_STR("why", why));
	if (!w->encrypts)
		exit(EX_CONFIG);
}

/* Sends what is queued for storaged and masterd, after a turn of the loop or a part of it. */
static void
worker_turn_end(struct worker *w)
{
	size_t connections;

	w->model_events = 0;
	http_server_turn_end(w->http);
	turn_service_flush(&w->turns);
	store_client_turn_end(w->store);
	/* Set the gauge before the acknowledgement: masterd adds up both. */
	connections = http_server_connections(w->http);
	metric_set(&w->me->connections, connections);
	control_hold(w->control, connections >= w->connections_max);
	control_turn_end(w->control);
}

/* Under overload, thousands of connections to the model are ready in a turn: a token must not wait until all are
 * read, and libevent would ask the kernel about all of them again if the turn ended earlier. */
static void
worker_after_model_event(void *arg)
{
	struct worker *w = arg;

	if (++w->model_events == MODEL_EVENTS_MAX)
		worker_turn_end(w);
	else
		http_server_turn_end(w->http);
}

static void
worker_setup_embeddings(struct worker *w, const struct upstream_config *config)
{
	struct embedder *embedder = embedder_new(config, &w->settings);

	w->turns.finding.embedder = embedder;
	if (embedder != NULL)
		w->embeddings = embeddings_new(&(struct embeddings_config){
		    .base = w->base, .store = w->store, .embedder = embedder, .board = w->me});
}

static void
worker_setup_turns(struct worker *w)
{
	const struct settings *s = &w->settings;
	struct upstream_config config = {
	    .base = w->base,
	    .connect_ms = s->openai_connect_timeout_ms,
	    .first_byte_ms = s->openai_first_byte_timeout_ms,
	    .idle_ms = s->openai_idle_timeout_ms,
	    .board = w->me,
	    .ca_bundle = s->openai_ca_bundle,
	    .proxy = s->openai_proxy,
	    .rest_ms = MODEL_REST_MS,
	    .after_event = worker_after_model_event,
	    .after_event_arg = w,
	    .breaker_failures = s->openai_breaker_failures,
	    .breaker_open_ms = s->openai_breaker_open_ms,
	};

	w->turns = (struct turns){
	    .base = w->base,
	    .store = w->store,
	    .finding = {.base = w->base,
		.store = w->store,
		.search = w->search,
		.board = w->me},
	    .tools = tool_http_new(w->base, &s->tools_allow),
	    .board = w->me,
	    .defaults =
		{
		    .model = s->openai_model,
		    .system_prompt = s->system_prompt,
		    .max_completion_tokens = s->openai_max_completion_tokens,
		    .temperature = s->openai_temperature,
		},
	    .max_history = s->max_history_messages,
	    .max_history_tokens = s->max_history_tokens,
	    .refused_ms = TURN_REFUSED_MS,
	    .total_ms = s->openai_total_timeout_ms,
	    .first_token_ms = s->openai_first_token_ms,
	    .limits =
		{
		    .replies = s->max_replies,
		    .of_address = s->max_replies_per_address,
		    .of_conversation = (uint8_t)s->max_replies_per_conversation,
		    .bytes = s->max_replies_bytes,
		    .text = s->openai_max_reply_bytes,
		    .abandoned_ms = s->abandoned_reply_ms,
		},
	};
	model_servers_add_settings(&w->turns.servers, &config, s);
	worker_setup_embeddings(w, &config);
	turn_service_start(&w->turns);
	w->actions = action_runner_new(&w->turns);
	tool_changes_watch(&w->turns);
}

static void
worker_setup_http(struct worker *w)
{
	struct http_server_config config = {
	    .base = w->base,
	    .limits = http_limits_default,
	};

	api_attach(w->api, &config);
	w->http = http_server_new(&config);
}

/* MAX_CONNECTIONS, limited by the descriptor limit: each connection may need a second descriptor
 * for the model. */
static size_t
worker_connections_limit(const struct settings *s)
{
	size_t files = fd_raise_limit();
	size_t most = files > 2 * FILES_RESERVED ? (files - FILES_RESERVED) / 2 : files / 8;

	if (s->max_connections > most)
		log_event(LOG_WARN, "max_connections_too_high", L_UINT("used", most),
		    L_UINT("files", files));
	return s->max_connections == 0 || s->max_connections > most ? most : s->max_connections;
}

static void
worker_on_memory_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	memory_return_check(&w->memory);
}

static void
worker_setup_memory(struct worker *w)
{
	struct timeval every = clock_timeval(MEMORY_RETURN_MS);

	w->memory_timer = event_new(w->base, -1, EV_PERSIST, worker_on_memory_timer, w);
	must(w->memory_timer != NULL && event_add(w->memory_timer, &every) == 0);
}

static void
worker_setup(struct worker *w)
{
	static const struct control_events events = {
	    .connection = worker_on_connection,
	    .drain = worker_start_drain,
	    .ticket_keys = worker_on_ticket_keys,
	    .tls_certificate = worker_on_tls_certificate,
	    .lost = worker_on_master_lost,
	};
	struct event_config *config = event_config_new();

	w->board = scoreboard_map(SCOREBOARD_FD);
	if (w->board == NULL) {
		log_event(LOG_ERROR, "no_scoreboard", L_ERRNO(),
		    L_STR("hint", "workerd is started by masterd, not by hand"));
		exit(EX_USAGE);
	}
	w->me = &w->board->workers[w->number];
	w->connections_max = worker_connections_limit(&w->settings);
	must(config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
	    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) == 0);
	w->base = event_base_new_with_config(config);
	event_config_free(config);
	must(w->base != NULL);
	w->store = store_client_new(w->base, w->settings.store_socket, w->me);
	w->search = search_client_new(w->base, w->settings.search_socket);
	worker_setup_turns(w);
	w->api = api_new(&w->settings, &w->turns, w->store, w->search, w->board, w->me);
	w->tls = tls_new();
	worker_setup_http(w);
	w->deadline = evtimer_new(w->base, worker_on_drain_deadline, w);
	must(w->deadline != NULL);
	worker_setup_memory(w);
	w->control = control_new(w->base, CONTROL_FD, &events, w);
}

static void
worker_run(struct worker *w)
{
	while (!worker_is_done(w)) {
		event_base_loop(w->base, EVLOOP_ONCE);
		worker_turn_end(w);
	}
}

static void
worker_clear(struct worker *w)
{
	control_free(w->control);
	http_server_free(w->http);
	tls_free(w->tls);
	api_free(w->api);
	/* A turn that looks up what it is based on forgets its calls, so it ends before them. */
	action_runner_free(w->actions);
	turn_service_clear(&w->turns);
	/* Calls to the store are freed without a callback: no reply reaches a turn any more. */
	store_client_free(w->store);
	search_client_free(w->search);
	embeddings_free(w->embeddings);
	embedder_free(w->turns.finding.embedder);
	model_servers_clear(&w->turns.servers);
	tool_http_free(w->turns.tools);
	event_free(w->memory_timer);
	event_free(w->deadline);
	event_base_free(w->base);
	scoreboard_unmap(w->board);
	settings_clear(&w->settings);
}

static void
worker_usage(FILE *out)
{
	fprintf(out,
	    "usage: workerd --worker N | --check-model | --list-models\n\nA worker of banter; "
	    "masterd starts it. Do not start it by hand.\n--check-model sends one request to "
	    "each model server and prints the result.\n--list-models prints the models of the "
	    "server of OPENAI_BASE_URL.\nIts settings come from the environment:\n\n");
	settings_print_help(out, OWNER_WORKER);
}

/* Runs model_check() or model_names(). */
static int
worker_ask_model(int (*ask)(const struct settings *))
{
	struct settings s;
	int status;

	settings_load_or_exit(&s, OWNER_WORKER);
	log_open("workerd", LOG_ERROR);
	signal(SIGPIPE, SIG_IGN);
	status = ask(&s);
	settings_clear(&s);
	return status;
}

/* The worker's number from the command line. */
static unsigned
worker_parse_options(int argc, char **argv)
{
	static const struct option options[] = {
	    {"worker", required_argument, NULL, 'w'},
	    {"check-model", no_argument, NULL, 'm'},
	    {"list-models", no_argument, NULL, 'l'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {0},
	};
	const char *bad = "not given";
	unsigned number = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'w':
			number =
			    (unsigned)strtonum(optarg, 0, SCOREBOARD_WORKERS_MAX - 1, &bad);
			break;
		case 'm':
			exit(worker_ask_model(model_check));
		case 'l':
			exit(worker_ask_model(model_names));
		case 'h':
			worker_usage(stdout);
			exit(EX_OK);
		case 'v':
			puts("workerd (banter) " BANTER_VERSION);
			exit(EX_OK);
		default:
			worker_usage(stderr);
			exit(EX_USAGE);
		}
	}
	if (bad != NULL) {
		fprintf(stderr, "workerd: --worker: %s\n", bad);
		exit(EX_USAGE);
	}
	return number;
}

int
main(int argc, char **argv)
{
	struct worker w = {.number = worker_parse_options(argc, argv)};
	char name[32];

	privileges_renounce();
	settings_load_or_exit(&w.settings, OWNER_WORKER);
	if (!w.settings.core_dumps)
		privileges_hide_memory();
	memory_return_large();
	snprintf(name, sizeof(name), "worker %u", w.number);
	log_open(name, w.settings.log_level);
	/* A closed connection is an error of write(2), not a signal. The same signals go to
	 * masterd, which tells the workers when to stop; if they stopped first, it would still send
	 * connections. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	worker_setup(&w);
	if (w.settings.syscall_filter)
		call_filter_start(CALLS_WORKER);
	worker_run(&w);
	worker_clear(&w);
	log_event(LOG_INFO, "worker_end");
	return EX_OK;
}
