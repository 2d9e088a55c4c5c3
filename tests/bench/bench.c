#include "tests/bench/bench.h"

#include <err.h>
#include <stdlib.h>
#include <sysexits.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"

#define DURATIONS_MAX ((size_t)1 << 22)

#define JSON_PATH "build/bench/%s.json"

unsigned
bench_number(const char *option, const char *value, unsigned min, unsigned max)
{
	const char *why;
	unsigned n = (unsigned)strtonum(value, min, max, &why);

	if (why != NULL)
		errx(EX_USAGE, "--%s %s: %s", option, value, why);
	return n;
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

double
durations_ms(struct durations *d, double p)
{
	if (d->n == 0)
		return 0;
	qsort(d->ns, d->n, sizeof(*d->ns), compare_durations);
	return d->ns[(size_t)(p * (double)(d->n - 1))] / 1e6;
}

void
durations_clear(struct durations *d)
{
	free(d->ns);
	*d = (struct durations){0};
}

static int
compare_values(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread
spread_of(double *values, size_t n)
{
	must(n >= 1);
	qsort(values, n, sizeof(*values), compare_values);
	return (struct spread){
	    .median = (values[(n - 1) / 2] + values[n / 2]) / 2,
	    .min = values[0],
	    .max = values[n - 1],
	};
}

FILE *
bench_json(const char *name)
{
	char path[64];
	FILE *out;

	snprintf(path, sizeof(path), JSON_PATH, name);
	out = fopen(path, "we");
	if (out == NULL)
		err(EX_CANTCREAT, "%s", path);
	fprintf(out, "{\n  \"benchmark\": \"%s\",\n", name);
	return out;
}

void
bench_json_end(FILE *out, const char *name)
{
	fprintf(out, "}\n");
	if (fflush(out) != 0 || ferror(out) != 0 || fclose(out) != 0)
		err(EX_CANTCREAT, JSON_PATH, name);
	printf("The same as JSON: " JSON_PATH "\n", name);
}
