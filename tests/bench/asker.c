/*
 * Asks for passages as a worker does for visitors' questions, so many times a second: searchd finds, and storaged has
 * the text (make bench-content). Stopped by SIGTERM, it prints what it did. If it was suspended, it does not catch up.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/store_client.h"

#define LIMIT         12 /* as workers ask */
#define QUESTIONS_MAX 4096
#define UNSENT_MAX    ((size_t)2 << 20)

struct asker {
	struct channel search, store;
	char *questions[QUESTIONS_MAX];
	size_t n;
	uint64_t asked, passages;
	struct durations durations;
};

static volatile sig_atomic_t stopped;

static void
on_stop(int number)
{
	(void)number;
	stopped = 1;
}

static void
read_questions(struct asker *a, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (f == NULL)
		err(EX_NOINPUT, "%s", path);
	while (a->n < QUESTIONS_MAX && (len = getline(&line, &room, f)) > 1) {
		line[len - 1] = '\0';
		a->questions[a->n++] = xstrdup(line);
	}
	free(line);
	fclose(f);
	if (a->n == 0)
		errx(EX_DATAERR, "%s: no questions", path);
}

static void
open_search(struct asker *a, const char *path)
{
	int fd = channel_connect(path);

	if (fd == -1)
		err(EX_UNAVAILABLE, "%s", path);
	channel_open(&a->search, fd, ROLE_WORKER, ROLE_SEARCH, UNSENT_MAX);
}

static void
ask(struct asker *a)
{
	const struct msg_find find = {.org = id_default_org,
	    .knowledge = KNOWLEDGE_ALL,
	    .question = slice_str(a->questions[a->asked % a->n]),
	    .limit = LIMIT};
	struct msg_passages_read read = {.org = id_default_org};
	union msg found, passages;
	struct slice list, item;
	uint64_t took;

	took = line_ask(&a->search, MSG_FIND, &find, MSG_FOUND, &found);
	read.wanted = found.found.hits;
	took += line_ask(&a->store, MSG_PASSAGES_READ, &read, MSG_PASSAGES, &passages);
	durations_add(&a->durations, took);
	a->asked++;
	list = passages.passages.passages;
	while (wire_list_next(&list, &item))
		a->passages++;
}

static void
wait_until(uint64_t ns)
{
	struct timespec until = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	while (
	    !stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

int
main(int argc, char **argv)
{
	static struct asker a;
	const struct sigaction action = {.sa_handler = on_stop};
	const char *search, *store, *questions;
	uint64_t next = clock_mono_ns();
	int per_second;

	bench_plan(argc, argv, "{s:s,s:s,s:s,s:i}", "search", &search, "store", &store,
	    "questions", &questions, "perSecond", &per_second);
	read_questions(&a, questions);
	open_search(&a, search);
	line_open(&a.store, store, ROLE_WORKER);
	must(sigaction(SIGTERM, &action, NULL) == 0);
	while (!stopped) {
		uint64_t now;

		ask(&a);
		next += 1000000000u / (unsigned)per_second;
		now = clock_mono_ns();
		next = next > now ? next : now;
		wait_until(next);
	}
	bench_print(json_pack("{s:I,s:I,s:o}", "asked", (json_int_t)a.asked, "passages",
	    (json_int_t)a.passages, "durations", durations_json(&a.durations)));
	channel_close(&a.search);
	channel_close(&a.store);
	return 0;
}
