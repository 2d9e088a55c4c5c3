/*
 * Whether storaged stays as fast and as small with a hundred times the messages,
 * and how reads and writes affect each other (make bench-scale).
 *
 * The store is filled through its socket like workers would do, with 512 appends in flight, so that
 * its pages are as in production; one conversation is long. At both sizes every kind of request is
 * measured alone; reads beside writes are measured last, in the large store.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "tests/bench/scale.h"

#define FILL_SLOTS 512u
#define FILL_TURNS 10u /* of each conversation */
#define TIMES      300u
#define MIX_S      9.0

struct bench {
	/* What scale.mjs passes. */
	const char *socket, *file; /* of storaged */
	const char *probe;
	struct group storaged;

	struct channel line;
	struct id long_one; /* the long conversation, which is written last */
	uint64_t messages;  /* present now */
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

/* Adds the missing messages. Returns how many were added per second. */
static double
fill(struct bench *b, uint64_t messages)
{
	uint64_t done, ns;
	struct sender sender;
	struct quota quota;

	sender_open(&sender, b->socket, BEGIN_HISTORY);
	sender_load(&sender, FILL_SLOTS, FILL_TURNS);
	sender.load.slots[0].turns = THREAD_LIMIT / 2;
	b->long_one = sender.load.slots[0].conversation;
	set_quota(&quota, messages - b->messages);
	ns = sender_run(&sender, &quota, UINT64_MAX, NULL);
	done = load_done(&sender.load);
	sender_close(&sender);
	b->messages += done;
	return (double)done * 1e9 / (double)ns;
}

/* Bytes of the store's file on disk. */
static json_int_t
disk_bytes(const struct bench *b)
{
	struct stat st;

	if (stat(b->file, &st) == -1)
		err(EX_OSERR, "%s", b->file);
	return (json_int_t)st.st_blocks * 512;
}

/* storaged's resident memory (proc(5), VmRSS). */
static json_t *
memory(const struct bench *b)
{
	static const char format[] = "RssAnon: %lld kB RssFile: %lld kB RssShmem: %lld kB";
	long long anon = 0, file = 0, shmem = 0;
	char path[64], text[8192] = "";
	const char *at;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)b->storaged.pids[0]);
	in = fopen(path, "re");
	if (in == NULL || fread(text, 1, sizeof(text) - 1, in) == 0)
		err(EX_OSERR, "%s", path);
	fclose(in);
	at = strstr(text, "RssAnon:");
	must(at != NULL && sscanf(at, format, &anon, &file, &shmem) == 3);
	return json_pack("{s:I,s:I,s:I}", "anon", (json_int_t)anon * 1024, "file",
	    (json_int_t)file * 1024, "shmem", (json_int_t)shmem * 1024);
}

static void
run_stage(struct bench *b, uint64_t messages)
{
	double rate = fill(b, messages);
	size_t text = load_text(APPEND_QUESTION).len + load_text(APPEND_REPLY).len;
	json_int_t disk = disk_bytes(b);
	struct conversations all;
	json_t *reads;

	conversations_read(&b->line, &all);
	reads = reads_measure(&b->storaged, &b->line, &all, &b->long_one, TIMES);
	bench_print(json_pack("{s:I,s:I,s:f,s:f,s:I,s:f,s:o,s:o}", "messages",
	    (json_int_t)b->messages, "conversations", (json_int_t)all.n, "fillRate", rate,
	    "syncMs", sync_ms(b->probe), "disk", disk, "textPerMessage", (double)text / 2,
	    "reads", reads, "memory", memory(b)));
	b->messages += 2 * (uint64_t)TIMES;
	free(all.ids);
}

int
main(int argc, char **argv)
{
	struct bench b = {.messages = 0};
	json_t *pids, *stages, *mix;

	bench_plan(argc, argv, "{s:s,s:s,s:s,s:o,s:o}", "socket", &b.socket, "file", &b.file,
	    "probe", &b.probe, "pids", &pids, "stages", &stages);
	b.storaged = group_of(pids);
	line_open(&b.line, b.socket, ROLE_WORKER);
	for (size_t i = 0; i < json_array_size(stages); i++)
		run_stage(&b, (uint64_t)json_integer_value(json_array_get(stages, i)));
	mix = mix_measure(b.socket, &b.long_one, MIX_S);
	json_object_set_new(mix, "memory", memory(&b));
	bench_print(mix);
	channel_close(&b.line);
	return 0;
}
