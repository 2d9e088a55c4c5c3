/*
 * The cost of opening a stream to the model when many are open: processor time of the model client
 * alone, over HTTP/1.1, where each stream has its own connection. The model is openai-stub, which
 * starts each response and then sends nothing.
 *
 *	build/bench/upstream [STREAMS]
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/model/upstream.h"

#define STUB         "build/openai-stub"
#define STREAMS      5000
#define STREAMS_MAX  9000
#define AT_ONCE      50 /* requests in flight at a time */
#define BATCHES      10
#define TOTAL_MS     600000
#define FIRST_BYTE_S 60

struct bench {
	struct event_base *base;
	struct upstream *upstream;
	struct upstream_transfer *transfers[STREAMS_MAX];
	size_t asked, answered;
};

static void
on_headers(void *arg, int status, unsigned retry_after_ms)
{
	struct bench *b = arg;

	(void)retry_after_ms;
	if (status != 200)
		errx(1, "the model answered %d", status);
	b->answered++;
}

static void
on_data(void *arg, struct slice piece)
{
	(void)arg;
	(void)piece;
}

static void
on_end(void *arg, enum upstream_end how, const char *detail)
{
	(void)arg;
	(void)how;
	errx(1, "a stream ended: %s", detail);
}

static void
ask(struct bench *b)
{
	static const struct upstream_events events = {on_headers, on_data, on_end};
	static const char question[] =
	    "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":"
	    "\"[[tokens=2 delay=0 hang-after=1]]\"}]}";
	struct buf body;

	buf_init(&body, sizeof(question));
	must(buf_append_str(&body, question) == 0);
	b->transfers[b->asked++] = upstream_post(b->upstream, &body, TOTAL_MS, &events, b);
}

static void
open_up_to(struct bench *b, size_t n)
{
	while (b->answered < n) {
		while (b->asked < n && b->asked - b->answered < AT_ONCE)
			ask(b);
		event_base_loop(b->base, EVLOOP_ONCE);
	}
}

static double
processor_us(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Starts the model; its URL goes to url. */
static pid_t
start_model(char *url, size_t size)
{
	int ready[2];
	char line[256];
	ssize_t n;
	pid_t pid;

	must(pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		must(dup2(ready[1], STDOUT_FILENO) == STDOUT_FILENO);
		execl(STUB, STUB, "--port", "0", (char *)NULL);
		err(1, STUB);
	}
	closefd(&ready[1]);
	n = read(ready[0], line, sizeof(line) - 1);
	if (pid == -1 || n <= 0)
		errx(1, "the model did not start");
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	closefd(&ready[0]);
	snprintf(url, size, "%s/chat/completions", strstr(line, "http://"));
	return pid;
}

static void
report(struct bench *b, size_t streams)
{
	printf("| streams open | processor time to open one more |\n|---:|---:|\n");
	for (size_t batch = 1; batch <= BATCHES; batch++) {
		size_t from = b->answered, to = streams * batch / BATCHES;
		double before = processor_us();

		open_up_to(b, to);
		printf("| %zu to %zu | %.0f µs |\n", from, to,
		    (processor_us() - before) / (double)(to - from));
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	static struct bench b;
	static _Alignas(64) struct scoreboard_worker board;
	struct upstream_config config = {.board = &board,
	    .connect_ms = FIRST_BYTE_S * 1000,
	    .first_byte_ms = FIRST_BYTE_S * 1000,
	    .idle_ms = TOTAL_MS,
	    .rest_ms = TOTAL_MS};
	const char *why = NULL;
	size_t streams =
	    argc < 2 ? STREAMS : (size_t)strtonum(argv[1], BATCHES, STREAMS_MAX, &why);
	char url[300];
	pid_t model;

	if (why != NULL)
		errx(64, "STREAMS: %s: %s", argv[1], why);
	signal(SIGPIPE, SIG_IGN);
	log_open("bench", LOG_ERROR);
	fd_raise_limit();
	model = start_model(url, sizeof(url));
	config.url = url;
	config.key = "key";
	b.base = config.base = event_base_new();
	b.upstream = upstream_new(&config);
	report(&b, streams);
	for (size_t i = 0; i < b.asked; i++)
		upstream_cancel(b.transfers[i]);
	upstream_free(b.upstream);
	event_base_free(b.base);
	kill(model, SIGTERM);
	waitpid(model, NULL, 0);
	return 0;
}
