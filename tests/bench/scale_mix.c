/*
 * The main thread appends (only it may create ids); other threads read on their own connections.
 */
#include "tests/bench/scale.h"

#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

/* Turns of each conversation, as when the store was filled. */
#define TURNS 10u

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
		line_open(&readers[i].line, socket);
	}
}

static void
close_readers(struct reader *readers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		channel_close(&readers[i].line);
		durations_clear(&readers[i].list);
		durations_clear(&readers[i].thread_durations);
	}
}

/* Reads a list and a conversation in turn. */
static void
measure_reads(struct sender *sender, const char *socket, const struct id *long_one,
    double seconds, struct mix *mix)
{
	struct reader reader;
	atomic_bool stop;

	open_readers(&reader, 1, socket, long_one, &stop);
	mix->rate_beside_reader = append_beside(sender, &reader, 1, &stop, seconds);
	mix->list = reader.list;
	mix->thread = reader.thread_durations;
	reader.list = reader.thread_durations = (struct durations){0};
	close_readers(&reader, 1);
}

/* In turns, because the cost of a sync drifts. */
static void
measure_appends(struct sender *sender, const char *socket, double seconds, struct mix *mix)
{
	struct reader readers[MIX_READERS];
	double each = seconds / (2 * MIX_ROUNDS);
	double kept[MIX_ROUNDS];
	size_t lists = 0;
	atomic_bool stop;

	open_readers(readers, MIX_READERS, socket, NULL, &stop);
	for (size_t i = 0; i < MIX_ROUNDS; i++) {
		double alone = append_beside(sender, NULL, 0, &stop, each);
		double beside = append_beside(sender, readers, MIX_READERS, &stop, each);

		mix->rate_alone += alone / MIX_ROUNDS;
		mix->rate_beside += beside / MIX_ROUNDS;
		kept[i] = beside / alone;
	}
	mix->rate_kept = spread_of(kept, MIX_ROUNDS).median;
	for (size_t i = 0; i < MIX_READERS; i++)
		lists += readers[i].list.n;
	mix->lists_per_second = (double)lists / (each * MIX_ROUNDS);
	close_readers(readers, MIX_READERS);
}

void
mix_measure(const char *socket, const struct id *long_one, double seconds, struct mix *mix)
{
	struct sender sender;
	struct quota rest;

	*mix = (struct mix){0};
	sender_open(&sender, socket, BEGIN_HISTORY);
	sender_load(&sender, MIX_IN_FLIGHT, TURNS);
	measure_reads(&sender, socket, long_one, seconds / 3, mix);
	measure_appends(&sender, socket, seconds * 2 / 3, mix);
	sender_quota_of_open_turns(&sender, &rest);
	sender_run(&sender, &rest, UINT64_MAX, NULL);
	sender_close(&sender);
}
