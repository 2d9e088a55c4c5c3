/*
 * masterd: listens, accepts, passes each connection to a worker, and keeps the workers running. It
 * never reads a byte of a connection, so nothing from the network can affect it.
 *
 * This file reads the options and settings, creates the modules and handles signals: SIGTERM and
 * SIGINT stop the service (twice: immediately), SIGHUP reloads. Everything runs in one thread and
 * one event loop, in the foreground; the log goes to standard error.
 *
 * Exit status: 0 after a stop, 64 for an invalid option, 71 if a listening socket cannot be opened,
 * 77 if root may not switch to RUN_AS_USER, 78 if the settings or the certificate are invalid or the
 * worker program cannot be run (sysexits(3)).
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/string.h>

#include "masterd/config.h"
#include "masterd/dispatch.h"
#include "masterd/lifecycle.h"
#include "masterd/listeners.h"
#include "masterd/loop.h"
#include "masterd/notify.h"
#include "masterd/sockets.h"
#include "masterd/tls_keys.h"
#include "masterd/workers.h"
#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/ipc/messages.h"
#include "proto/ipc/scoreboard.h"
#include "proto/process/privileges.h"
#include "proto/settings/settings.h"

/* Added to the longest time of a reply: a slow reader may take this long for its last bytes. */
#define RENEW_EXTRA_MS (10 * 60 * 1000)

/* The state of the process. */
struct master {
	struct config config;
	size_t worker_count;
	char program[PATH_MAX];
	struct event_base *base;
	struct scoreboard *scoreboard;
	int scoreboard_fd;
	struct notify *notify;
	struct listeners *listeners;
	struct dispatch *dispatch;
	struct tls_keys *tls_keys; /* NULL: no TLS */
	struct workers *workers;
	struct lifecycle lifecycle;
	bool ready; /* the service manager has been notified */
	struct event *on_term, *on_int, *on_hup;
};

struct options {
	bool check;
	const char *program; /* NULL: in the directory of our executable */
};

static void
main_print_help(void)
{
	printf(
	    "usage: masterd [--check | --help | --version | --settings-mdoc]\n"
	    "               [--worker-program PATH]\n"
	    "\n"
	    "Listens and passes connections to worker processes. All settings come from the\n"
	    "environment; the process stays in the foreground and logs to standard error.\n"
	    "SIGTERM or SIGINT: finish running replies and exit; a second one: exit now.\n"
	    "SIGHUP: read settings and certificate again and, if all are valid, replace the\n"
	    "workers one by one; running replies are finished.\n"
	    "\n"
	    "  --check                only check the settings; exit status 78 if any is "
	    "invalid\n"
	    "  --help                 this text\n"
	    "  --version              the version\n"
	    "  --settings-mdoc        all settings of banter, for a man page (mdoc(7))\n"
	    "  --worker-program PATH  the worker to run instead of the workerd beside this\n"
	    "                         program (for tests)\n"
	    "\n"
	    "Settings [default]:\n");
	settings_print_help(stdout, OWNER_MASTER | OWNER_WORKER);
}

/* Also prints what another program must have in common with this one to work with it; upgrades
 * compare it. */
static void
main_print_version(void)
{
	printf("masterd (banter) %s, messages %d, scoreboard %u.%zu\n", BANTER_VERSION,
	    WIRE_VERSION, scoreboard_layout(), sizeof(struct scoreboard));
}

static struct options
main_read_options(int argc, char **argv)
{
	static const struct option known[] = {
	    {"check", no_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {"settings-mdoc", no_argument, NULL, 'm'},
	    {"worker-program", required_argument, NULL, 'w'},
	    {0},
	};
	struct options o = {0};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'c':
			o.check = true;
			break;
		case 'h':
			main_print_help();
			exit(0);
		case 'v':
			main_print_version();
			exit(0);
		case 'm':
			settings_print_mdoc(stdout);
			exit(0);
		case 'w':
			o.program = optarg;
			break;
		default:
			exit(EX_USAGE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "masterd: %s: unexpected argument\n", argv[optind]);
		exit(EX_USAGE);
	}
	return o;
}

/* Finds workerd: beside our own executable, wherever that was installed or built. Called once:
 * after an upgrade /proc/self/exe names a deleted file, while the new workerd is at the path of the
 * old one. 0, or -1 with errno. */
static int
main_find_program(const char *given, char out[PATH_MAX])
{
	ssize_t n;
	char *slash;

	if (given != NULL) {
		if (strlcpy(out, given, PATH_MAX) >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		return access(out, X_OK);
	}
	n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	if (n == -1)
		return -1;
	out[n] = '\0';
	slash = strrchr(out, '/');
	must(slash != NULL);
	slash[1] = '\0';
	if (strlcat(out, "workerd", PATH_MAX) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return access(out, X_OK);
}

/* Reads the configuration; exits with a list of all problems if there are any. */
static void
main_prepare(struct master *m, const struct options *o)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	config_read_or_exit(&m->config);
	if (main_find_program(o->program, m->program) == -1) {
		fprintf(stderr, "Cannot run the worker program %s: %s\n", m->program,
		    strerror(errno));
		exit(EX_CONFIG);
	}
	m->worker_count = m->config.settings.workers;
	if (m->worker_count == 0)
		m->worker_count = processors < 1 ? 1 : (size_t)processors;
	if (m->worker_count > SCOREBOARD_WORKERS_MAX)
		m->worker_count = SCOREBOARD_WORKERS_MAX;
}

static void
main_on_room(void *ctx)
{
	struct master *m = ctx;

	listeners_resume(m->listeners);
}

static void
main_notify_workers(struct master *m)
{
	size_t ready = dispatch_workers(m->dispatch);

	if (m->lifecycle.stopping)
		return;
	notify_workers(m->notify, ready, m->worker_count);
	if (ready > 0 && !m->ready) {
		m->ready = true;
		notify_ready(m->notify);
	}
}

static void
main_on_report(enum workers_report what, void *ctx)
{
	struct master *m = ctx;

	switch (what) {
	case WORKERS_SERVING:
		main_notify_workers(m);
		break;
	case WORKERS_RELOADED:
		notify_ready(m->notify);
		break;
	case WORKERS_REFUSED:
		lifecycle_stop(&m->lifecycle, "a worker refused its settings", EX_CONFIG);
		break;
	case WORKERS_ALL_GONE:
		lifecycle_stopped(&m->lifecycle);
		break;
	}
}

static void
main_on_stop(evutil_socket_t sig, short what, void *arg)
{
	struct master *m = arg;

	(void)what;
	lifecycle_stop(&m->lifecycle, sig == SIGTERM ? "SIGTERM" : "SIGINT", EX_OK);
}

static void
main_on_reload(evutil_socket_t sig, short what, void *arg)
{
	struct master *m = arg;

	(void)sig, (void)what;
	if (!m->lifecycle.stopping)
		lifecycle_reload(&m->lifecycle);
}

static void
main_on_ticket_keys(void *ctx)
{
	struct master *m = ctx;

	workers_send_keys(m->workers, false);
}

static void
main_on_libevent_log(int severity, const char *text)
{
	log_event(severity >= EVENT_LOG_WARN ? LOG_ERROR : LOG_DEBUG, "libevent",
	    L_STR("text", text));
}

static void
main_create_tls_keys(struct master *m)
{
	if (certificate_is_empty(&m->config.certificate))
		return;
	m->tls_keys = tls_keys_new(m->base, &m->config.certificate, main_on_ticket_keys, m);
	tls_keys_log(m->tls_keys);
}

/* How long a replaced worker may take: longer than any reply. */
static uint32_t
main_renew_ms(const struct settings *s)
{
	uint32_t reply_ms = s->openai_total_timeout_ms + RENEW_EXTRA_MS;

	return reply_ms > s->drain_timeout_ms ? reply_ms : s->drain_timeout_ms;
}

static void
main_create(struct master *m)
{
	const struct settings *s = &m->config.settings;

	m->base = loop_new();
	m->scoreboard = scoreboard_create(&m->scoreboard_fd);
	m->notify = notify_new(m->base);
	m->listeners = listeners_new(m->base);
	m->dispatch = dispatch_new(m->base, m->scoreboard, main_on_room, m);
	main_create_tls_keys(m);
	m->workers = workers_new(&(struct workers_config){
	    .base = m->base,
	    .dispatch = m->dispatch,
	    .scoreboard = m->scoreboard,
	    .scoreboard_fd = m->scoreboard_fd,
	    .program = m->program,
	    .wanted = m->worker_count,
	    .drain_ms = s->drain_timeout_ms,
	    .renew_ms = main_renew_ms(s),
	    .hang_ms = s->worker_hang_ms,
	    .tls_keys = m->tls_keys,
	    .report = main_on_report,
	    .ctx = m,
	});
	m->lifecycle = (struct lifecycle){
	    .base = m->base,
	    .listeners = m->listeners,
	    .dispatch = m->dispatch,
	    .workers = m->workers,
	    .notify = m->notify,
	    .config = &m->config,
	    .tls_keys = m->tls_keys,
	};
	m->on_term = loop_signal(m->base, SIGTERM, main_on_stop, m);
	m->on_int = loop_signal(m->base, SIGINT, main_on_stop, m);
	m->on_hup = loop_signal(m->base, SIGHUP, main_on_reload, m);
}

static void
main_destroy(struct master *m)
{
	loop_free(&m->on_hup);
	loop_free(&m->on_int);
	loop_free(&m->on_term);
	workers_free(m->workers);
	tls_keys_free(m->tls_keys);
	listeners_free(m->listeners);
	dispatch_free(m->dispatch);
	notify_free(m->notify);
	event_base_free(m->base);
	scoreboard_unmap(m->scoreboard);
	closefd(&m->scoreboard_fd);
	config_clear(&m->config);
}

/* PORT has a default; so only the environment says whether somebody set it. */
static void
main_warn_unused_ports(void)
{
	static const char *const names[] = {"PORT", "LISTEN"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && *value != '\0')
			log_event(LOG_WARN, "setting_unused", L_STR("name", names[i]),
			    L_STR("help",
				"the service manager passes the ports: `systemctl edit "
				"banter.socket` changes them"));
	}
}

/* Without TRUSTED_PROXIES, such a socket would refuse every connection. 0, or -1 (logged). */
static int
main_check_proxied(const struct master *m, const struct sockets *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].proxied && m->config.settings.trusted_proxies.n == 0) {
			log_event(LOG_ERROR, "inherited_unusable", L_INT("fd", s->at[i].fd),
			    L_STR("why", "its name is proxy, and TRUSTED_PROXIES is not set"),
			    L_STR("help",
				"set TRUSTED_PROXIES to the addresses of your proxies, or "
				"remove "
				"FileDescriptorName=proxy from the socket's unit"));
			return -1;
		}
	return 0;
}

/* Uses sockets inherited from a service manager, else LISTEN, else PORT; and PROXY_LISTEN in any case. 0,
 * or -1. */
static int
main_listen(struct master *m)
{
	const struct settings *settings = &m->config.settings;
	struct sockets s = {0};
	int result = sockets_inherit(&s);

	if (s.n > 0)
		main_warn_unused_ports();
	else if (result == 0)
		result = sockets_open(&s, &settings->listen, (uint16_t)settings->port);
	if (result == 0)
		result = main_check_proxied(m, &s);
	if (result == 0)
		result = sockets_open_proxied(&s, &settings->proxy_listen);
	if (result == 0)
		listeners_add(m->listeners, &s);
	sockets_close(&s);
	return result;
}

/* Only root can listen on some ports. Workers inherit the user. 0, or the exit status. */
static int
main_leave_root(const struct master *m)
{
	int status = privileges_become(m->config.settings.run_as_user);

	if (status == 0 && access(m->program, X_OK) == -1) {
		log_event(LOG_ERROR, "worker_program_unusable", L_STR("program", m->program),
		    L_ERRNO(), L_STR("help", "RUN_AS_USER must be able to run it"));
		return EX_CONFIG;
	}
	return status;
}

/* Returns the exit status. */
static int
main_serve(struct master *m)
{
	int status;

	if (main_listen(m) == -1)
		return EX_OSERR;
	status = main_leave_root(m);
	if (status != 0)
		return status;
	workers_start(m->workers);
	listeners_start(m->listeners, m->dispatch);
	must(event_base_dispatch(m->base) == 0);
	return m->lifecycle.status;
}

int
main(int argc, char **argv)
{
	static struct master m;
	const struct options options = main_read_options(argc, argv);
	int status;

	privileges_renounce();
	main_prepare(&m, &options);
	if (options.check) {
		config_print_warnings(&m.config);
		printf("The settings are good.\n");
		config_clear(&m.config);
		return 0;
	}
	if (!m.config.settings.core_dumps)
		privileges_hide_memory();
	log_open("masterd", m.config.settings.log_level);
	event_set_log_callback(main_on_libevent_log);
	must(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	log_event(LOG_NOTICE, "start", L_STR("version", BANTER_VERSION),
	    L_UINT("workers", m.worker_count), L_UINT("max_files", fd_raise_limit()));
	config_log_warnings(&m.config);
	main_create(&m);
	status = main_serve(&m);
	main_destroy(&m);
	return status;
}
