/*
 * The main thread appends (only it may create ids); other threads read on their own connections.
 */
#include "tests/bench/scale.h"

#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define IN_FLIGHT 64u
#define READERS   4u
#define ROUNDS    5u
#define TURNS     10u /* of each conversation, as when the store was filled */

struct reader {
	pthread_t thread;
	struct channel line;
	const struct id *long_one; /* NULL: reads only lists */
	const atomic_bool *stop;
	struct durations list, thread_durations;
};

static void *
read_on(void *arg)
{
	struct reader *reader = arg;

	while (!atomic_load(reader->stop)) {
		durations_add(&reader->list, read_list(&reader->line));
		if (reader->long_one != NULL)
			durations_add(&reader->thread_durations,
			    read_thread(&reader->line, reader->long_one));
	}
	return NULL;
}

/* Appends for a while beside this many readers. Returns the rate per second. */
static double
append_beside(
    struct sender *sender, struct reader *readers, size_t n, atomic_bool *stop, double seconds)
{
	uint64_t ns, done;

	atomic_store(stop, false);
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&readers[i].thread, NULL, read_on, &readers[i]) != 0)
			errx(EX_OSERR, "pthread_create");
	ns = sender_run(sender, NULL, clock_mono_ns() + (uint64_t)(seconds * 1e9), NULL);
	done = load_done(&sender->load);
	atomic_store(stop, true);
	for (size_t i = 0; i < n; i++)
		must(pthread_join(readers[i].thread, NULL) == 0);
	return (double)done * 1e9 / (double)ns;
}

static void
open_readers(struct reader *readers, size_t n, const char *socket, const struct id *long_one,
    const atomic_bool *stop)
{
	for (size_t i = 0; i < n; i++) {
		readers[i] = (struct reader){.long_one = long_one, .stop = stop};
		line_open(&readers[i].line, socket, ROLE_WORKER);
	}
}

static void
close_readers(struct reader *readers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		channel_close(&readers[i].line);
		free(readers[i].list.ns);
		free(readers[i].thread_durations.ns);
	}
}

/* Reads a list and a conversation in turn. */
static void
measure_reads(struct sender *sender, const char *socket, const struct id *long_one,
    double seconds, json_t *mix)
{
	struct reader reader;
	atomic_bool stop;
	double rate;

	open_readers(&reader, 1, socket, long_one, &stop);
	rate = append_beside(sender, &reader, 1, &stop, seconds);
	json_object_set_new(mix, "besideReader", json_real(rate));
	json_object_set_new(mix, "list", durations_json(&reader.list));
	json_object_set_new(mix, "thread", durations_json(&reader.thread_durations));
	close_readers(&reader, 1);
}

/* In turns, because the cost of a sync drifts. */
static void
measure_appends(struct sender *sender, const char *socket, double seconds, json_t *mix)
{
	double each = seconds / (2 * ROUNDS), alone_sum = 0, beside_sum = 0;
	struct reader readers[READERS];
	json_t *kept = json_array();
	size_t lists = 0;
	atomic_bool stop;

	open_readers(readers, READERS, socket, NULL, &stop);
	for (size_t i = 0; i < ROUNDS; i++) {
		double alone = append_beside(sender, NULL, 0, &stop, each);
		double beside = append_beside(sender, readers, READERS, &stop, each);

		alone_sum += alone;
		beside_sum += beside;
		json_array_append_new(kept, json_real(beside / alone));
	}
	for (size_t i = 0; i < READERS; i++)
		lists += readers[i].list.n;
	close_readers(readers, READERS);
	json_object_set_new(mix, "alone", json_real(alone_sum / ROUNDS));
	json_object_set_new(mix, "beside", json_real(beside_sum / ROUNDS));
	json_object_set_new(mix, "kept", kept);
	json_object_set_new(mix, "listsPerSecond", json_real((double)lists / (each * ROUNDS)));
}

json_t *
mix_measure(const char *socket, const struct id *long_one, double seconds)
{
	json_t *mix = json_pack("{s:i,s:i}", "inFlight", IN_FLIGHT, "readers", READERS);
	struct sender sender;
	struct quota rest;

	sender_open(&sender, socket, BEGIN_HISTORY);
	sender_load(&sender, IN_FLIGHT, TURNS);
	measure_reads(&sender, socket, long_one, seconds / 3, mix);
	measure_appends(&sender, socket, seconds * 2 / 3, mix);
	sender_quota_of_open_turns(&sender, &rest);
	sender_run(&sender, &rest, UINT64_MAX, NULL);
	sender_close(&sender);
	return mix;
}
