/*
 * The index of passages alone, without storaged (part of make bench-search): what questions find, how long they take,
 * with words and with vectors in addition.
 *
 *	passages build DIR CHUNKS		makes DIR/passages.db of the lines of a file
 *	passages ask DIR QUESTIONS		prints the numbers of the chunks found for each line
 *	passages vectors CHUNKS NUMBERS		compares the scan of vectors with one of floats
 *	passages find SOCKET QUESTIONS		asks searchd, and prints nothing
 *
 * A chunk has the place of its line in its page: a page is one document.
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/ipc/channel.h"
#include "storaged/search/passages/passages.h"
#include "storaged/search/ranking/vectors.h"
#include "tests/bench/cpu_times.h"

#define LIMIT            10
#define VECTOR_QUESTIONS 200

static const struct id org = {{1}}, source = {{2}};

static struct id
id_of(uint32_t n)
{
	struct id id = {{3}};

	memcpy(id.b + 4, &n, sizeof(n));
	return id;
}

/* Calls a function for each line of a file, with its number. */
static void
each_line(const char *path, void (*fn)(void *arg, unsigned n, char *line), void *arg)
{
	FILE *in = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (in == NULL)
		err(EX_NOINPUT, "%s", path);
	for (unsigned n = 0; (len = getline(&line, &size, in)) > 0; n++) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		fn(arg, n, line);
	}
	free(line);
	fclose(in);
}

/* The longest step, for which a question would wait. */
static double longest_ms;

static void
end_step(double start)
{
	double ms = cpu_ms() - start;

	if (ms > longest_ms)
		longest_ms = ms;
}

static void
add_chunk(void *arg, unsigned n, char *line)
{
	struct passages *ix = arg;
	double start = cpu_ms();
	char *text = strchr(line, '\t');
	struct passages_page page = {
	    .org = org, .source = source, .id = id_of((uint32_t)strtoul(line, NULL, 10))};
	struct passages_text chunk = {.index = n,
	    .title = slice_str(""),
	    .heading = slice_str(""),
	    .text = slice_str(text != NULL ? text + 1 : ""),
	    .language = "en"};
	int64_t number, row;

	must(passages_begin(ix) == 0 && passages_page(ix, &page, &number) == 0);
	must(passages_put_chunk(ix, number, &chunk, &row) == 0);
	if (passages_uncommitted(ix) >= 250)
		must(passages_commit(ix, 1) == 0);
	end_step(start);
}

static void
build(const char *dir, const char *chunks)
{
	struct passages *ix;
	double start = cpu_ms(), merged;
	int rc;

	must(passages_open(&ix, dir) == DATABASE_EMPTY);
	each_line(chunks, add_chunk, ix);
	must(passages_begin(ix) == 0 && passages_set_built(ix) == 0);
	must(passages_commit(ix, 1) == 0);
	merged = cpu_ms();
	do {
		double step = cpu_ms();

		rc = passages_purge_step(ix, true);
		end_step(step);
	} while (rc == 1);
	must(rc == 0);
	must(database_execute(passages_database(ix), "PRAGMA wal_checkpoint(TRUNCATE)") == 0);
	printf("{\"chunks\":%llu,\"bytes\":%llu,\"buildMs\":%.0f,\"mergeMs\":%.0f,"
	       "\"longestMs\":%.1f}\n",
	    (unsigned long long)passages_count(ix),
	    (unsigned long long)database_bytes(passages_database(ix)), merged - start,
	    cpu_ms() - merged, longest_ms);
	passages_close(ix);
}

struct asking {
	struct passages *ix;
	struct cpu_times times;
	bool prints;
};

static void
ask(void *arg, unsigned n, char *line)
{
	struct asking *a = arg;
	static struct scope scope;
	static struct question question;
	struct ranking ranking;
	struct msg_passage_ref refs[LIMIT];
	double start = cpu_ms();

	must(passages_scope(a->ix, &scope, &org, KNOWLEDGE_ALL, slice_str("")) == 0);
	question_parse(&question, slice_str(line), slice_str(""), &scope.languages);
	must(passages_rank(a->ix, &scope, &question, LIMIT, &ranking) == 0);
	for (size_t i = 0; i < ranking.n; i++)
		must(passages_read(a->ix, ranking.best[i].row, &refs[i]) == 1);
	cpu_times_add(&a->times, cpu_ms() - start);
	if (a->prints) {
		printf("%u %u", n,
		    ranking.n == 0
			? 0
			: ranking_coverage(&ranking, &question, ranking.best[0].words));
		for (size_t i = 0; i < ranking.n; i++)
			printf(" %u", refs[i].index);
		printf("\n");
	}
	ranking_clear(&ranking);
}

static void
ask_all(const char *dir, const char *questions)
{
	static struct asking a = {.prints = true};

	must(passages_open(&a.ix, dir) == DATABASE_READY);
	each_line(questions, ask, &a);
	/* The first round read the file. */
	a.prints = false;
	a.times.n = 0;
	each_line(questions, ask, &a);
	each_line(questions, ask, &a);
	cpu_times_print(&a.times);
	passages_close(a.ix);
}

static float
random_normal(void)
{
	static uint64_t state = 88172645463325252u;
	float sum = 0;

	for (int i = 0; i < 6; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		sum += (float)(state >> 40) / (float)(1 << 24) - 0.5f;
	}
	return sum * 1.414f;
}

/* A vector around one of some centers, nearer or farther: as texts are about subjects, more or less. */
static void
random_vector(float *out, size_t numbers, const float *centers, size_t n_centers, unsigned n)
{
	const float *center = centers + n % n_centers * numbers;
	float distance = 0.75f + 0.3f * random_normal(), length = 0;

	for (size_t i = 0; i < numbers; i++) {
		out[i] = center[i] + distance * random_normal();
		length += out[i] * out[i];
	}
	for (size_t i = 0; i < numbers; i++)
		out[i] /= sqrtf(length);
}

/* Brings a vector into signed bytes, as workers do. */
static void
quantize(const float *vector, size_t numbers, int8_t *out)
{
	float most = 0;

	for (size_t i = 0; i < numbers; i++)
		most = fmaxf(most, fabsf(vector[i]));
	for (size_t i = 0; i < numbers; i++)
		out[i] = (int8_t)lrintf(vector[i] / most * 127);
}

/* How many of the ten most similar vectors by floats are among those found. */
static unsigned
agreement(const float *all, size_t n, size_t numbers, const float *question,
    const struct ranked *found, size_t n_found)
{
	float best[LIMIT] = {0};
	size_t rows[LIMIT] = {0}, k = 0;
	unsigned same = 0;

	for (size_t i = 0; i < n; i++) {
		float dot = 0;
		size_t at;

		for (size_t j = 0; j < numbers; j++)
			dot += all[i * numbers + j] * question[j];
		if (k == LIMIT && dot <= best[k - 1])
			continue;
		for (at = k < LIMIT ? k++ : k - 1; at > 0 && best[at - 1] < dot; at--) {
			best[at] = best[at - 1];
			rows[at] = rows[at - 1];
		}
		best[at] = dot;
		rows[at] = i;
	}
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j < n_found && j < LIMIT; j++)
			same += found[j].row == (int64_t)rows[i] + 1;
	return same;
}

static void
measure_vectors(size_t n, size_t numbers)
{
	size_t n_centers = n / 50 + 1, found;
	float *centers = xcalloc(n_centers * numbers, sizeof(*centers));
	float *all = xcalloc(n * numbers, sizeof(*all)),
	      *question = xcalloc(numbers, sizeof(float));
	int8_t *bytes = xcalloc(numbers, 1);
	struct vectors vectors = {0};
	struct scope scope = {.all = true, .n = SCOPE_SOURCES};
	struct ranked best[100];
	static struct cpu_times times;
	unsigned same = 0;

	for (size_t i = 0; i < n_centers * numbers; i++)
		centers[i] = random_normal();
	for (unsigned i = 0; i < n; i++) {
		random_vector(all + i * numbers, numbers, centers, n_centers, i);
		quantize(all + i * numbers, numbers, bytes);
		vectors_add(&vectors, i + 1, (struct slice){(const uint8_t *)bytes, numbers});
	}
	for (unsigned i = 0; i < VECTOR_QUESTIONS; i++) {
		double start;

		random_vector(question, numbers, centers, n_centers, i * 7919u);
		start = cpu_ms();
		found =
		    vectors_find(&vectors, &scope, question, numbers, best, ARRAY_LEN(best));
		cpu_times_add(&times, cpu_ms() - start);
		if (i < 50)
			same += agreement(all, n, numbers, question, best, found);
	}
	printf("{\"bytes\":%zu,\"agreement\":%.4f}\n", vectors_bytes(&vectors),
	    (double)same / (50 * LIMIT));
	cpu_times_print(&times);
	vectors_clear(&vectors);
	free(centers);
	free(all);
	free(question);
	free(bytes);
}

static void
find(void *arg, unsigned n, char *line)
{
	struct channel *channel = arg;
	const struct msg_find m = {.org = org,
	    .knowledge = KNOWLEDGE_ALL,
	    .question = slice_str(line),
	    .limit = LIMIT};
	struct frame f;
	union msg answer;

	must(channel_send(channel, MSG_FIND, n + 1, &m) == 0);
	must(channel_flush(channel) == CHANNEL_DONE);
	while (channel_next(channel, &f, &answer) != WIRE_OK) {
		usleep(200);
		must(channel_read(channel) == CHANNEL_DONE);
	}
	if (f.type != MSG_FOUND)
		errx(EX_UNAVAILABLE, "searchd refuses: %.*s", (int)answer.error.detail.len,
		    (const char *)answer.error.detail.p);
}

static void
find_all(const char *socket, const char *questions)
{
	struct channel channel;
	int fd = channel_connect(socket);

	if (fd == -1)
		err(EX_UNAVAILABLE, "%s", socket);
	channel_open(&channel, fd, ROLE_WORKER, ROLE_SEARCH, 2u << 20);
	each_line(questions, find, &channel);
	channel_close(&channel);
}

int
main(int argc, char **argv)
{
	const char *what = argc == 4 ? argv[1] : "";

	if (strcmp(what, "build") == 0)
		build(argv[2], argv[3]);
	else if (strcmp(what, "ask") == 0)
		ask_all(argv[2], argv[3]);
	else if (strcmp(what, "vectors") == 0)
		measure_vectors(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	else if (strcmp(what, "find") == 0)
		find_all(argv[2], argv[3]);
	else
		errx(EX_USAGE, "usage: passages build|ask|vectors|find …");
	return 0;
}
