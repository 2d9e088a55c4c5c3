/*
 * Configurations, command lines, and waiting until a server responds.
 */
#include "tests/bench/relay_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define START_MS 15000
#define KEY      "a-key-for-the-benchmark-alone"
#define BUNDLE   "widget/dist" /* the directory of chat-widget.js */

static const struct {
	const char *name, *ready, *token_mark;
} kinds[SERVER_KINDS] = {
    [SERVER_NGINX] = {"nginx", "/health", "\"content\":\""},
    [SERVER_HAPROXY] = {"haproxy", "/v1/models", "\"content\":\""},
    [SERVER_BANTER] = {"banter", "/health/ready", "\"token\":\""},
};

const char *
server_name(enum server_kind kind)
{
	return kinds[kind].name;
}

const char *
server_token_mark(enum server_kind kind)
{
	return kinds[kind].token_mark;
}

[[gnu::format(printf, 2, 3)]] static void
format(char out[PATH_MAX], const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, PATH_MAX, fmt, ap);
	va_end(ap);
	must(n > 0 && n < PATH_MAX);
}

struct sockaddr_in
server_loopback(uint16_t port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* Outside the range of the load's ephemeral ports. */
static uint16_t
free_port(void)
{
	static uint16_t next = 0;

	if (next == 0)
		next = (uint16_t)(20000 + getpid() % 8000);
	for (int tries = 0; tries < 1000; tries++) {
		struct sockaddr_in a = server_loopback(++next);
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool is_free = fd != -1 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

		closefd(&fd);
		if (is_free)
			return next;
	}
	errx(EX_OSERR, "no free port");
}

/* One request on a new connection: whether the response was 200. */
static bool
answers(uint16_t port, const char *request)
{
	struct sockaddr_in a = server_loopback(port);
	struct timeval patience = {.tv_sec = 2};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char head[16] = "";
	bool yes;

	if (fd == -1)
		err(EX_OSERR, "socket");
	yes = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    send(fd, request, strlen(request), MSG_NOSIGNAL) != -1 &&
	    recv(fd, head, sizeof(head) - 1, MSG_WAITALL) > 12 &&
	    memcmp(head, "HTTP/1.1 200", 12) == 0;
	closefd(&fd);
	return yes;
}

static void
wait_until_answered(uint16_t port, const char *path, const char *name)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	uint64_t end = clock_mono_ms() + START_MS;
	char request[256];

	snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " KEY "\r\n\r\n",
	    path);
	while (!answers(port, request)) {
		children_check();
		if (clock_mono_ms() > end)
			errx(EX_UNAVAILABLE, "%s does not answer within %d ms", name, START_MS);
		nanosleep(&pause, NULL);
	}
}

/* Starts a program whose output goes to dir/NAME.log. */
static pid_t
start(enum core core, const char *dir, char *const argv[], char *const envp[])
{
	const char *slash = strrchr(argv[0], '/');
	char log[PATH_MAX];

	format(log, "%s/%s.log", dir, slash == NULL ? argv[0] : slash + 1);
	return child_start(core, argv, envp, log);
}

static void
start_root(struct server *s, const char *dir, char *const argv[], char *const envp[])
{
	s->roots[s->n_roots++] = start(CORE_SERVERS, dir, argv, envp);
}

static void
start_stub(struct server *s, const char *dir)
{
	char program[] = "build/openai-stub", port[8], option[] = "--port";
	char *argv[] = {program, option, port, NULL};

	s->stub_port = free_port();
	snprintf(port, sizeof(port), "%u", s->stub_port);
	s->stub = start(CORE_LOAD, dir, argv, NULL);
	wait_until_answered(s->stub_port, "/v1/models", "openai-stub");
}

/* Writes dir/NAME, and its path to path. */
[[gnu::format(printf, 4, 5)]] static void
write_config(char path[PATH_MAX], const char *dir, const char *name, const char *text, ...)
{
	va_list ap;
	FILE *out;

	format(path, "%s/%s", dir, name);
	out = fopen(path, "we");
	va_start(ap, text);
	if (out == NULL || vfprintf(out, text, ap) < 0 || fclose(out) != 0)
		err(EX_CANTCREAT, "%s", path);
	va_end(ap);
}

/* Serves the bundle as nginx serves files best; /health sends as many headers as ours. */
static const char nginx_config[] = //
    "%1$s\n"
    "daemon off;\n"
    "worker_processes 1;\n"
    "worker_rlimit_nofile %2$zu;\n"
    "error_log stderr warn;\n"
    "pid %3$s/nginx.pid;\n"
    "events { worker_connections %2$zu; }\n"
    "http {\n"
    "  access_log off;\n"
    "  sendfile on;\n"
    "  tcp_nopush on;\n"
    "  open_file_cache max=16;\n"
    "  types { application/javascript js; }\n"
    "  keepalive_requests 100000000;\n"
    "  client_body_temp_path %3$s/t1;\n"
    "  proxy_temp_path %3$s/t2;\n"
    "  fastcgi_temp_path %3$s/t3;\n"
    "  uwsgi_temp_path %3$s/t4;\n"
    "  scgi_temp_path %3$s/t5;\n"
    "  upstream model { server 127.0.0.1:%4$u; keepalive 64; }\n"
    "  server {\n"
    "    listen 127.0.0.1:%5$u backlog=4096;\n"
    "    location / {\n"
    "      proxy_pass http://model;\n"
    "      proxy_http_version 1.1;\n"
    "      proxy_set_header Connection \"\";\n"
    "      proxy_buffering off;\n"
    "      proxy_read_timeout 300s;\n"
    "    }\n"
    "    location = /health {\n"
    "      default_type application/json;\n"
    "      add_header Cache-Control no-store;\n"
    "      return 200 '{\"status\":\"ok\"}';\n"
    "    }\n"
    "    location /widget/ { alias " BUNDLE "/; }\n"
    "  }\n"
    "}\n";

/* With the prefix ./ all paths are relative to the current directory. Started by root, it would
 * switch to another user, who cannot read our directory. */
static void
start_nginx(struct server *s, const struct programs *programs, const char *dir)
{
	char program[PATH_MAX], config[PATH_MAX], p[] = "-p", prefix[] = "./", c[] = "-c";
	char e[] = "-e", log[] = "stderr";
	char *argv[] = {program, p, prefix, e, log, c, config, NULL};

	format(program, "%s", programs->nginx);
	write_config(config, dir, "nginx.conf", nginx_config,
	    geteuid() == 0 ? "user root;" : "", fd_raise_limit(), dir, s->stub_port, s->port);
	start_root(s, dir, argv, NULL);
}

static const char haproxy_config[] = //
    "global\n"
    "  nbthread 1\n"
    "  maxconn 9000\n"
    "defaults\n"
    "  mode http\n"
    "  option http-no-delay\n"
    "  timeout connect 10s\n"
    "  timeout client 300s\n"
    "  timeout server 300s\n"
    "frontend visitors\n"
    "  bind 127.0.0.1:%u backlog 4096\n"
    "  default_backend model\n"
    "backend model\n"
    "  server stub 127.0.0.1:%u\n";

static void
start_haproxy(struct server *s, const struct programs *programs, const char *dir)
{
	char program[PATH_MAX], config[PATH_MAX], db[] = "-db", f[] = "-f";
	char *argv[] = {program, db, f, config, NULL};

	format(program, "%s", programs->haproxy);
	write_config(config, dir, "haproxy.conf", haproxy_config, s->port, s->stub_port);
	start_root(s, dir, argv, NULL);
}

enum variable {
	VAR_DATA_DIR,
	VAR_LISTEN,
	VAR_MODEL,
	VARS_MADE, /* the variables before these depend on the run */
};

/* Production mode with rate limits off and no log line per request, as nginx writes none. */
static char constant_vars[][64] = {
    "APP_ENV=production",
    "WORKERS=1",
    "LOG_LEVEL=notice",
    "OPENAI_API_KEY=key-of-the-stand-in-model",
    "WIDGET_API_KEY=" KEY,
    "CORS_ORIGIN=https://benchmark.example",
    "RATE_LIMIT_MAX_REQUESTS=1000000",
    "DRAIN_TIMEOUT_MS=2000",
    "WIDGET_BUNDLE_PATH=" BUNDLE "/chat-widget.js",
};

static void
start_banter(struct server *s, const struct programs *programs, const char *dir)
{
	char made[VARS_MADE][PATH_MAX];
	char *envp[VARS_MADE + ARRAY_LEN(constant_vars) + 1] = {NULL};
	char *storaged[] = {(char[]){"build/storaged"}, NULL};
	char *masterd[] = {(char[]){"build/masterd"}, NULL};

	(void)programs;
	format(made[VAR_DATA_DIR], "DATA_DIR=%s/data", dir);
	format(made[VAR_LISTEN], "LISTEN=127.0.0.1:%u", s->port);
	format(made[VAR_MODEL], "OPENAI_BASE_URL=http://127.0.0.1:%u/v1", s->stub_port);
	for (size_t i = 0; i < VARS_MADE; i++)
		envp[i] = made[i];
	for (size_t i = 0; i < ARRAY_LEN(constant_vars); i++)
		envp[VARS_MADE + i] = constant_vars[i];
	start_root(s, dir, storaged, envp);
	start_root(s, dir, masterd, envp);
}

bool
server_exists(enum server_kind kind, const struct programs *programs)
{
	const char *program = kind == SERVER_NGINX ? programs->nginx : programs->haproxy;

	return kind == SERVER_BANTER || access(program, X_OK) == 0;
}

void
server_start(struct server *s, enum server_kind kind, const struct programs *programs,
    const struct place *place)
{
	static void (*const starts[SERVER_KINDS])(
	    struct server *, const struct programs *, const char *) = {
	    [SERVER_NGINX] = start_nginx,
	    [SERVER_HAPROXY] = start_haproxy,
	    [SERVER_BANTER] = start_banter,
	};
	static unsigned started;
	char dir[PATH_MAX];

	*s = (struct server){.kind = kind};
	format(dir, "%s/%u", place->dir, ++started);
	if (mkdir(dir, 0700) == -1)
		err(EX_CANTCREAT, "%s", dir);
	start_stub(s, dir);
	s->port = free_port();
	starts[kind](s, programs, dir);
	wait_until_answered(s->port, kinds[kind].ready, kinds[kind].name);
	for (size_t i = 0; i < s->n_roots; i++)
		group_add(&s->group, s->roots[i]);
}

void
server_stop(struct server *s)
{
	for (size_t i = s->n_roots; i-- > 0;)
		child_stop(s->roots[i]);
	child_stop(s->stub);
}

static size_t
post(const char *path, const char *fields, const char *body, char *out)
{
	int n = snprintf(out, REQUEST_SIZE,
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	    "%s\r\nContent-Length: %zu\r\n\r\n%s",
	    path, fields, strlen(body), body);

	must(n > 0 && (size_t)n < REQUEST_SIZE);
	return (size_t)n;
}

size_t
server_question(const struct server *s, const char *script, unsigned session, char *out)
{
	char body[REQUEST_SIZE];

	if (s->kind == SERVER_BANTER) {
		snprintf(body, sizeof(body),
		    "{\"sessionId\":\"visitor-%u\",\"message\":\"[[%s]]\"}", session, script);
		return post("/v1/chat/stream", "x-api-key: " KEY, body, out);
	}
	snprintf(body, sizeof(body),
	    "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
	    "\"messages\":[{\"role\":\"user\",\"content\":\"[[%s]]\"}]}",
	    script);
	return post("/v1/chat/completions", "Authorization: Bearer " KEY, body, out);
}

size_t
server_get(const struct server *s, const char *path, char *out)
{
	int n = snprintf(
	    out, REQUEST_SIZE, "GET %s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", path, s->port);

	must(n > 0 && (size_t)n < REQUEST_SIZE);
	return (size_t)n;
}
