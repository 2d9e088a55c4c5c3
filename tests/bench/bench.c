#include "tests/bench/bench.h"

#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define DURATIONS_MAX ((size_t)1 << 22)
#define PROBES        4

void
bench_plan(int argc, char **argv, const char *format, ...)
{
	static json_t *plan; /* its texts are in use */
	json_error_t why;
	va_list ap;

	if (argc != 2)
		errx(EX_USAGE, "usage: %s PLAN; see the scripts in tests/bench", argv[0]);
	plan = json_loads(argv[1], 0, &why);
	va_start(ap, format);
	if (plan == NULL || json_vunpack_ex(plan, &why, 0, format, ap) == -1)
		errx(EX_USAGE, "%s: %s", argv[1], why.text);
	va_end(ap);
}

void
bench_print(json_t *figures)
{
	must(figures != NULL && json_dumpf(figures, stdout, JSON_COMPACT) == 0);
	printf("\n");
	fflush(stdout);
	json_decref(figures);
}

void
durations_add(struct durations *d, uint64_t ns)
{
	if (d->n == DURATIONS_MAX)
		return;
	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? 4096 : 2 * d->cap;
		d->ns = xreallocarray(d->ns, d->cap, sizeof(*d->ns));
	}
	d->ns[d->n++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static int
compare_durations(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The p-th quantile of sorted durations, p from 0 to 1. */
static double
quantile_ms(const struct durations *d, double p)
{
	return d->n == 0 ? 0 : d->ns[(size_t)(p * (double)(d->n - 1))] / 1e6;
}

json_t *
durations_json(struct durations *d)
{
	json_t *quantiles;

	if (d->n > 0)
		qsort(d->ns, d->n, sizeof(*d->ns), compare_durations);
	quantiles = json_pack("{s:f,s:f,s:f}", "p50", quantile_ms(d, 0.5), "p99",
	    quantile_ms(d, 0.99), "p999", quantile_ms(d, 0.999));
	free(d->ns);
	*d = (struct durations){0};
	return quantiles;
}

double
sync_ms(const char *path)
{
	static uint8_t page[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	uint64_t start;

	/* In a file that has its length already. */
	if (fd == -1 || pwrite(fd, page, sizeof(page), 0) == -1 || fsync(fd) == -1)
		err(EX_CANTCREAT, "%s", path);
	start = clock_mono_ns();
	memset(page, (int)(start & 0xff), sizeof(page));
	for (int i = 0; i < PROBES; i++)
		if (pwrite(fd, page, sizeof(page), 0) == -1 || fdatasync(fd) == -1)
			err(EX_IOERR, "%s", path);
	closefd(&fd);
	return (double)(clock_mono_ns() - start) / PROBES / 1e6;
}

struct group
group_of(const json_t *pids)
{
	struct group g = {.n = json_array_size(pids)};

	must(g.n >= 1 && g.n <= GROUP_MAX);
	for (size_t i = 0; i < g.n; i++)
		g.pids[i] = (pid_t)json_integer_value(json_array_get(pids, i));
	return g;
}

uint64_t
group_cpu_ns(const struct group *g)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct timespec ts;
		clockid_t clock;

		if (clock_getcpuclockid(g->pids[i], &clock) != 0 ||
		    clock_gettime(clock, &ts) == -1)
			errx(EX_UNAVAILABLE, "process %d has ended", (int)g->pids[i]);
		sum += (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	}
	return sum;
}

/* Adds the lines of a process's smaps_rollup to their sums. */
static void
add_memory(pid_t pid, const char *const names[4], json_int_t sums[4])
{
	char path[64], line[128];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	in = fopen(path, "re");
	if (in == NULL)
		err(EX_OSERR, "%s", path);
	while (fgets(line, sizeof(line), in) != NULL)
		for (size_t i = 0; i < 4; i++)
			if (strncmp(line, names[i], strlen(names[i])) == 0)
				sums[i] += strtoll(line + strlen(names[i]), NULL, 10) * 1024;
	fclose(in);
}

json_t *
group_memory(const struct group *g)
{
	static const char *const names[] = {"Pss:", "Pss_Anon:", "Pss_File:", "Pss_Shmem:"};
	json_int_t sums[ARRAY_LEN(names)] = {0};

	for (size_t i = 0; i < g->n; i++)
		add_memory(g->pids[i], names, sums);
	return json_pack("{s:I,s:I,s:I,s:I}", "pss", sums[0], "anon", sums[1], "file", sums[2],
	    "shmem", sums[3]);
}
