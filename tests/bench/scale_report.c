#include "tests/bench/scale.h"

#include "proto/base/basics.h"

/* The targets of tests/README.md: with a hundred times the messages a request costs at most twice
 * as much, and storaged's own memory stays below a limit. */
#define MOST_RATIO  2.0
#define MOST_MEMORY ((uint64_t)16 << 20)

static const struct {
	const char *title, *name;
} kinds[READ_KINDS] = {
    [READ_LIST] = {"list of the newest 100", "list"},
    [READ_THREAD] = {"thread of 1,000", "thread"},
    [READ_BEGIN] = {"turn start, history 30", "begin"},
};

/* One kind of request in a store of one size. */
struct figures {
	double p50_ms, p99_ms, cpu_us;
};

static struct figures
figures_of(struct stage *stage, enum read_kind kind)
{
	struct reading *r = &stage->reads[kind];

	return (struct figures){
	    .p50_ms = durations_ms(&r->durations, 0.5),
	    .p99_ms = durations_ms(&r->durations, 0.99),
	    .cpu_us = (double)r->cpu_ns / 1e3 / (double)r->durations.n,
	};
}

static double
per_message(const struct stage *stage, uint64_t bytes)
{
	return (double)bytes / (double)stage->messages;
}

static double
mib(uint64_t bytes)
{
	return (double)bytes / (1 << 20);
}

static void
print_kind(struct scale *scale, enum read_kind kind)
{
	struct figures small = figures_of(&scale->stages[STAGE_SMALL], kind);
	struct figures large = figures_of(&scale->stages[STAGE_LARGE], kind);
	double time = large.p50_ms / small.p50_ms, cpu = large.cpu_us / small.cpu_us;

	printf("%-26s %7.2f %7.2f %7.0f   %7.2f %7.2f %7.0f   %5.2f %5.2f  %s %.1f\n",
	    kinds[kind].title, small.p50_ms, small.p99_ms, small.cpu_us, large.p50_ms,
	    large.p99_ms, large.cpu_us, time, cpu,
	    BENCH_VERDICT(time <= MOST_RATIO && cpu <= MOST_RATIO), MOST_RATIO);
}

static void
print_costs(struct scale *scale)
{
	const struct stage *small = &scale->stages[STAGE_SMALL];
	const struct stage *large = &scale->stages[STAGE_LARGE];

	printf("%-26s %7ju messages %17ju messages\n", "", (uintmax_t)small->messages,
	    (uintmax_t)large->messages);
	printf("%-26s %7ju conversations %12ju conversations    large / small\n", "",
	    (uintmax_t)small->conversations, (uintmax_t)large->conversations);
	printf("%-26s %7s %7s %7s   %7s %7s %7s   %5s %5s\n", "", "p50 ms", "p99 ms", "CPU us",
	    "p50 ms", "p99 ms", "CPU us", "p50", "CPU");
	for (enum read_kind i = 0; i < READ_KINDS; i++)
		print_kind(scale, i);
	printf("%-26s %7.2f %25.2f\n", "sync of 4 KiB, ms", small->sync_ms, large->sync_ms);
	printf("%-26s %7.0f %25.0f\n", "filled at, messages/s", small->fill_rate,
	    large->fill_rate);
}

static void
print_memory(const struct stage *stage)
{
	uint64_t own = stage->memory.anon + stage->memory.shmem;

	printf("Memory with %ju messages: %.1f MiB of its own (anonymous %.1f, shared %.1f) "
	       "%s %.0f;\n  pages of the file mapped, shared with the page cache: %.1f MiB.\n",
	    (uintmax_t)stage->messages, mib(own), mib(stage->memory.anon),
	    mib(stage->memory.shmem), BENCH_VERDICT(own < MOST_MEMORY), mib(MOST_MEMORY),
	    mib(stage->memory.file));
}

static void
print_disk(const struct stage *stage)
{
	printf("Disk with %ju messages: %.0f bytes per message, %.0f of them text.\n",
	    (uintmax_t)stage->messages, per_message(stage, stage->disk),
	    per_message(stage, stage->text));
}

static void
print_mix(struct mix *mix)
{
	printf("Reads beside %u appends in flight (%.0f/s): list p50 %.2f ms, p99 %.2f ms; "
	       "thread p50 %.2f ms, p99 %.2f ms.\n",
	    MIX_IN_FLIGHT, mix->rate_beside_reader, durations_ms(&mix->list, 0.5),
	    durations_ms(&mix->list, 0.99), durations_ms(&mix->thread, 0.5),
	    durations_ms(&mix->thread, 0.99));
	printf("Appends, %u in flight: %.0f/s alone, %.0f/s beside %u readers that get %.0f "
	       "lists/s: a share of %.2f.\n",
	    MIX_IN_FLIGHT, mix->rate_alone, mix->rate_beside, MIX_READERS,
	    mix->lists_per_second, mix->rate_kept);
}

void
report_scale(struct scale *scale)
{
	printf("Requests alone through storaged's socket. CPU: of storaged.\n\n");
	print_costs(scale);
	printf("\n");
	for (int i = 0; i < STAGES; i++)
		print_memory(&scale->stages[i]);
	for (int i = 0; i < STAGES; i++)
		print_disk(&scale->stages[i]);
	print_mix(&scale->mix);
}

static void
json_stage(FILE *out, struct stage *stage)
{
	fprintf(out,
	    "    {\n      \"messages\": %ju,\n      \"conversations\": %ju,\n"
	    "      \"fill_per_second\": %.1f,\n      \"sync_ms\": %.4f,\n"
	    "      \"rss_anon\": %ju,\n      \"rss_shmem\": %ju,\n      \"rss_file\": %ju,\n"
	    "      \"disk_bytes_per_message\": %.1f,\n"
	    "      \"text_bytes_per_message\": %.1f",
	    (uintmax_t)stage->messages, (uintmax_t)stage->conversations, stage->fill_rate,
	    stage->sync_ms, (uintmax_t)stage->memory.anon, (uintmax_t)stage->memory.shmem,
	    (uintmax_t)stage->memory.file, per_message(stage, stage->disk),
	    per_message(stage, stage->text));
	for (enum read_kind i = 0; i < READ_KINDS; i++) {
		struct figures f = figures_of(stage, i);

		fprintf(out,
		    ",\n      \"%s\": {\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"cpu_us\": %.2f}",
		    kinds[i].name, f.p50_ms, f.p99_ms, f.cpu_us);
	}
	fprintf(out, "\n    }");
}

static void
json_mix(FILE *out, struct mix *mix)
{
	fprintf(out,
	    "  \"mix\": {\n    \"in_flight\": %u,\n    \"readers\": %u,\n"
	    "    \"list_p50_ms\": %.4f,\n    \"list_p99_ms\": %.4f,\n"
	    "    \"thread_p50_ms\": %.4f,\n    \"thread_p99_ms\": %.4f,\n"
	    "    \"appends_alone\": %.1f,\n    \"appends_beside_readers\": %.1f,\n"
	    "    \"lists_per_second\": %.1f,\n    \"kept\": %.4f\n  }\n",
	    MIX_IN_FLIGHT, MIX_READERS, durations_ms(&mix->list, 0.5),
	    durations_ms(&mix->list, 0.99), durations_ms(&mix->thread, 0.5),
	    durations_ms(&mix->thread, 0.99), mix->rate_alone, mix->rate_beside,
	    mix->lists_per_second, mix->rate_kept);
}

void
report_scale_json(struct scale *scale)
{
	FILE *out = bench_json("scale");

	fprintf(out, "  \"stages\": [\n");
	for (int i = 0; i < STAGES; i++) {
		json_stage(out, &scale->stages[i]);
		fprintf(out, "%s\n", i + 1 < STAGES ? "," : "");
	}
	fprintf(out, "  ],\n");
	json_mix(out, &scale->mix);
	bench_json_end(out, "scale");
}
