/*
 * make bench-scale: whether storaged stays as fast and as small with a hundred times the messages,
 * and how reads and writes affect each other.
 *
 * The store is filled through its socket like workers would do, with 512 appends in flight, so that
 * its pages are as in production; one conversation is long. At both sizes every kind of request is
 * measured alone; reads beside writes are measured last, in the large store.
 *
 * Exit status: 0 whether targets are met or not (a timing is not a test), else as in sysexits(3).
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"
#include "tests/bench/scale_report.h"
#include "tests/bench/store_place.h"

#define FILL_SLOTS 512u
#define FILL_TURNS 10u /* of each conversation */
#define TIMES      300u
#define MIX_S      9.0
#define LIMIT_S    600u

struct options {
	uint64_t messages[STAGES];
	const char *storaged, *dir, *json;
};

struct bench {
	struct options options;
	struct place place;
	struct channel line;
	struct id long_one; /* the long conversation, which is written last */
	uint64_t messages;  /* present now */
	struct scale scale;
};

static const char help[] =
    "usage: scale [options]\n"
    "Measures storaged with a small and a large store.\n"
    "\n"
    "  --small N         messages of the small store (10000)\n"
    "  --large N         messages of the large store (1000000)\n"
    "  --storaged FILE   the program (build/storaged)\n"
    "  --dir DIR         directory of the store, which is removed at exit (build/bench)\n"
    "  --json FILE       the figures as JSON (build/bench/scale.json)\n";

static const struct option long_options[] = {
    {"small", required_argument, NULL, 's'},
    {"large", required_argument, NULL, 'l'},
    {"storaged", required_argument, NULL, 'p'},
    {"dir", required_argument, NULL, 'd'},
    {"json", required_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* More than the long conversation, and few enough for the disk. */
static uint64_t
number(const char *value)
{
	const char *why;
	long long n = strtonum(value, 5 * THREAD_LIMIT, 100 * 1000 * 1000, &why);

	if (why != NULL)
		errx(EX_USAGE, "%s messages: %s", value, why);
	return (uint64_t)n;
}

static void
set_option(struct options *o, int option)
{
	switch (option) {
	case 's':
		o->messages[STAGE_SMALL] = number(optarg);
		break;
	case 'l':
		o->messages[STAGE_LARGE] = number(optarg);
		break;
	case 'p':
		o->storaged = optarg;
		break;
	case 'd':
		o->dir = optarg;
		break;
	case 'j':
		o->json = optarg;
		break;
	case 'h':
		fputs(help, stdout);
		exit(0);
	default:
		fputs(help, stderr);
		exit(EX_USAGE);
	}
}

static void
parse_options(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){
	    .messages = {10000, 1000000},
	    .storaged = "build/storaged",
	    .dir = "build/bench",
	    .json = "build/bench/scale.json",
	};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set_option(o, option);
	if (optind < argc)
		errx(EX_USAGE, "unknown argument %s", argv[optind]);
	if (o->messages[STAGE_LARGE] < o->messages[STAGE_SMALL] + 5 * THREAD_LIMIT)
		errx(EX_USAGE, "the large store has to be larger");
}

/* The long conversation belongs to the first slot; the others share the rest. All numbers are even:
 * no turn stays open. */
static void
set_quota(struct quota *quota, uint64_t messages)
{
	uint64_t pairs = (messages - THREAD_LIMIT) / 2, others = FILL_SLOTS - 1;

	quota->of[0] = THREAD_LIMIT;
	for (uint64_t i = 0; i < others; i++)
		quota->of[1 + i] = (uint32_t)(2 * (pairs / others + (i < pairs % others)));
}

/* Adds the messages that the stage lacks. */
static void
fill(struct bench *b, struct stage *stage, uint64_t messages)
{
	uint64_t missing = messages - b->messages, ns;
	struct sender sender;
	struct quota quota;

	sender_open(&sender, b->place.socket, 1, BEGIN_HISTORY);
	sender_load(&sender, FILL_SLOTS, FILL_TURNS);
	sender.load.slots[0].turns = THREAD_LIMIT / 2;
	b->long_one = sender.load.slots[0].conversation;
	set_quota(&quota, missing);
	ns = sender_run(&sender, &quota, UINT64_MAX, NULL);
	missing = load_done(&sender.load);
	sender_close(&sender);
	b->messages += missing;
	stage->fill_rate = (double)missing * 1e9 / (double)ns;
}

/* A line of /proc/PID/status, in bytes. */
static uint64_t
memory(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	if (line == NULL)
		errx(EX_OSERR, "/proc has no %s", name);
	return strtoull(line + strlen(name), NULL, 10) * 1024;
}

static void
look_at_memory(struct stage *stage)
{
	char path[64], status[8192];
	size_t n;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)place_store_pid());
	in = fopen(path, "re");
	if (in == NULL)
		err(EX_OSERR, "%s", path);
	n = fread(status, 1, sizeof(status) - 1, in);
	status[n] = '\0';
	fclose(in);
	stage->anon = memory(status, "RssAnon:");
	stage->shmem = memory(status, "RssShmem:");
	stage->file = memory(status, "RssFile:");
}

static void
look_at_disk(struct bench *b, struct stage *stage)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", b->place.store);
	if (stat(path, &st) == -1)
		err(EX_OSERR, "%s", path);
	stage->disk = (uint64_t)st.st_blocks * 512;
	stage->text =
	    b->messages / 2 * (load_text(APPEND_QUESTION).len + load_text(APPEND_REPLY).len);
}

static void
run_stage(struct bench *b, struct stage *stage, uint64_t messages)
{
	struct conversations all;

	printf("Filling the store up to %ju messages ...\n", (uintmax_t)messages);
	fflush(stdout);
	fill(b, stage, messages);
	look_at_disk(b, stage);
	conversations_read(&b->line, &all);
	stage->messages = b->messages;
	stage->conversations = all.n;
	stage->sync_ms = (double)place_sync_cost(&b->place) / 1e6;
	reads_measure(&b->line, &all, &b->long_one, TIMES, &stage->reads);
	look_at_memory(stage);
	b->messages += 2 * (uint64_t)TIMES;
	free(all.ids);
}

static void
write_json(struct bench *b)
{
	const char *path = b->options.json;
	FILE *out = fopen(path, "we");

	if (out == NULL || !report_scale_json(out, &b->scale) || fclose(out) != 0)
		err(EX_CANTCREAT, "%s", path);
	printf("The same as JSON: %s\n", path);
}

static void
run(struct bench *b)
{
	place_make(&b->place, b->options.dir, LIMIT_S);
	place_start_store(&b->place, b->options.storaged);
	line_open(&b->line, b->place.socket);
	for (int i = 0; i < STAGES; i++)
		run_stage(b, &b->scale.stages[i], b->options.messages[i]);
	mix_measure(b->place.socket, &b->long_one, MIX_S, &b->scale.mix);
	look_at_memory(&b->scale.stages[STAGE_LARGE]);
	channel_close(&b->line);
	place_stop_store();
}

int
main(int argc, char **argv)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	parse_options(&b->options, argc, argv);
	run(b);
	report_scale(&b->scale);
	write_json(b);
	for (int i = 0; i < STAGES; i++)
		reads_clear(&b->scale.stages[i].reads);
	mix_clear(&b->scale.mix);
	free(b);
	return 0;
}
