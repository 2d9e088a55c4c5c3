/*
 * The search index alone, without storaged (make bench-search): how long it takes to build with many messages,
 * its memory, how long a search takes, and an erasure.
 *
 * The words are as frequent as in a language (the n-th word with about 1/n). A tenth of the searches are for rare
 * words, which are looked up in all shards.
 */
#include <endian.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/search/index.h"
#include "tests/bench/words.h"

#define MESSAGES    1000000u
#define SEARCHES    2000u
#define OF_EACH     10u /* messages of a conversation */
#define COMMIT_EACH 1000u
#define LONG        200000u /* messages of a long conversation */
#define BUDGET_MS   30u     /* as searchd's */
#define LIMIT       20u
#define PERIOD_MS   40000u
#define FIRST_AT    UINT64_C(1700000000000)

static const struct id org = {{1}};

/* In the order of time, as real ids. */
static struct id
id_of(uint32_t n)
{
	struct id id = {{2}};

	n = htobe32(n);
	memcpy(id.b + 1, &n, sizeof(n));
	return id;
}

/* The n-th message, of this conversation. */
static void
put_message(struct index *ix, unsigned n, unsigned conversation)
{
	char text[WORDS_TEXT_MAX];
	struct index_parent parent = {
	    .id = id_of(conversation), .org = org, .tags = slice_str("")};
	struct index_document message = {.kind = INDEX_MESSAGE,
	    .parent = parent.id,
	    .id = id_of(n),
	    .at = FIRST_AT + n / OF_EACH * (uint64_t)PERIOD_MS + n % OF_EACH,
	    .text = {(const uint8_t *)text, words_put_text(text)}};

	if (n % COMMIT_EACH == 0)
		must(index_begin(ix) == 0);
	if (n % OF_EACH == 0)
		must(index_put_parent(ix, &parent) == 0);
	must(index_put(ix, &message) == 0);
	if (n % COMMIT_EACH == COMMIT_EACH - 1)
		must(index_commit(ix, n) == 0);
}

static void
print_usage(const char *what, uint64_t since_ms)
{
	struct rusage usage;

	must(getrusage(RUSAGE_SELF, &usage) == 0);
	printf("%s: %.1f s, %.1f s of processor time, %ld MiB of memory\n", what,
	    (double)(clock_mono_ms() - since_ms) / 1000,
	    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
	    usage.ru_maxrss / 1024);
}

static int
count_result(void *arg, const struct index_result *result)
{
	(void)result;
	++*(unsigned *)arg;
	return 0;
}

static double
search_ms(struct index *ix)
{
	const struct index_filter filter = {.org = org};
	char text[WORDS_TEXT_MAX];
	struct query query;
	unsigned found = 0;
	uint64_t next, start;

	must(query_parse(&query,
		 (struct slice){(const uint8_t *)text, words_put_query(text)}) == QUERY_OK);
	start = clock_mono_ns();
	must(index_search(ix, &query, &filter, LIMIT, BUDGET_MS, count_result, &found, &next) ==
	    0);
	return (double)(clock_mono_ns() - start) / 1e6;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
measure_searches(struct index *ix)
{
	static double ms[SEARCHES];

	for (unsigned i = 0; i < SEARCHES; i++)
		ms[i] = search_ms(ix);
	qsort(ms, SEARCHES, sizeof(ms[0]), compare);
	printf("searches for two words: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n",
	    ms[SEARCHES / 2], ms[SEARCHES * 99 / 100], ms[SEARCHES - 1]);
}

/* Erases a conversation; *longest gets the longest step in ms, for which a search would wait. */
static double
erase_ms(struct index *ix, unsigned conversation, uint64_t position, double *longest)
{
	struct id id = id_of(conversation);
	uint64_t start = clock_mono_ns(), step;
	int rc;

	*longest = 0;
	must(index_begin(ix) == 0 && index_erase(ix, &id) == 0);
	must(index_commit(ix, position) == 0);
	do {
		double ms;

		step = clock_mono_ns();
		rc = index_purge_step(ix);
		ms = (double)(clock_mono_ns() - step) / 1e6;
		if (ms > *longest)
			*longest = ms;
	} while (rc == 1);
	must(rc == 0);
	return (double)(clock_mono_ns() - start) / 1e6;
}

/* A conversation with as many messages as a program that never begins a new one writes. */
static void
measure_long_erasure(struct index *ix, unsigned messages)
{
	unsigned conversation = messages / OF_EACH + 1;
	double ms, longest;

	for (unsigned n = messages; n < messages + LONG; n++)
		put_message(ix, n, conversation);
	ms = erase_ms(ix, conversation, messages + LONG, &longest);
	printf("erasing one with %u messages: %.1f s, its longest step %.0f ms\n", LONG,
	    ms / 1000, longest);
}

static void
measure_erasures(struct index *ix, unsigned messages)
{
	double longest;

	printf("erasing a conversation from the file: %.0f ms\n",
	    erase_ms(ix, messages / OF_EACH / 2, messages, &longest));
	measure_long_erasure(ix, messages);
}

int
main(int argc, char **argv)
{
	unsigned messages = argc > 1 ? (unsigned)atoi(argv[1]) : MESSAGES;
	char dir[] = "/tmp/bench-search-XXXXXX";
	uint64_t start = clock_mono_ms();
	struct index *ix;
	int rc;

	messages -= messages % COMMIT_EACH;
	if (mkdtemp(dir) == NULL || index_open(&ix, dir) != DATABASE_EMPTY)
		err(EX_OSERR, "%s", dir);
	for (unsigned n = 0; n < messages; n++)
		put_message(ix, n, n / OF_EACH);
	while ((rc = index_build_step(ix)) == 1)
		;
	must(rc == 0);
	print_usage("building the index", start);
	printf("%u messages, %.0f bytes of file for each\n", messages,
	    (double)index_bytes(ix) / messages);
	measure_searches(ix);
	measure_erasures(ix, messages);
	index_close(ix);
	index_delete(dir);
	return rmdir(dir);
}
