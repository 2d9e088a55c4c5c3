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
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "tests/bench/scale.h"

#define SMALL      10000u
#define FILL_SLOTS 512u
#define FILL_TURNS 10u /* of each conversation */
#define TIMES      300u
#define MIX_S      9.0
#define LIMIT_S    600u

struct bench {
	struct place place;
	struct channel line;
	struct id long_one; /* the long conversation, which is written last */
	uint64_t messages;  /* present now */
	struct scale scale;
};

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

	sender_open(&sender, b->place.socket, BEGIN_HISTORY);
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
	stage->sync_ms = place_sync_ms(&b->place);
	reads_measure(&b->place, &b->line, &all, &b->long_one, TIMES, stage->reads);
	stage->memory = process_memory(b->place.storaged.pids[0]);
	b->messages += 2 * (uint64_t)TIMES;
	free(all.ids);
}

static void
run(struct bench *b, uint64_t large)
{
	place_make(&b->place, LIMIT_S);
	place_start_store(&b->place);
	line_open(&b->line, b->place.socket);
	run_stage(b, &b->scale.stages[STAGE_SMALL], SMALL);
	run_stage(b, &b->scale.stages[STAGE_LARGE], large);
	mix_measure(b->place.socket, &b->long_one, MIX_S, &b->scale.mix);
	b->scale.stages[STAGE_LARGE].memory = process_memory(b->place.storaged.pids[0]);
	channel_close(&b->line);
	place_stop_store(&b->place);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"large", required_argument, NULL, 'l'},
	    {NULL, 0, NULL, 0},
	};
	struct bench *b = xcalloc(1, sizeof(*b));
	unsigned large = 1000000;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'l')
			errx(EX_USAGE, "usage: scale [--large N]: messages of the large store");
		large = bench_number("large", optarg, 2 * SMALL, 100 * 1000 * 1000);
	}
	run(b, large);
	report_scale(&b->scale);
	report_scale_json(&b->scale);
	for (int i = 0; i < STAGES; i++)
		for (enum read_kind kind = 0; kind < READ_KINDS; kind++)
			durations_clear(&b->scale.stages[i].reads[kind].durations);
	durations_clear(&b->scale.mix.list);
	durations_clear(&b->scale.mix.thread);
	free(b);
	return 0;
}
