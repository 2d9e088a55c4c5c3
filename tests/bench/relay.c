/*
 * make bench: the cost of relaying a stream through banter, which also parses and stores it,
 * compared with nginx as a plain proxy: the same stub model behind both and the same clients in
 * front of them, in one run. Also the cost of short requests, compared with nginx's static
 * responses.
 *
 * The server has one core for itself (with one worker); clients and model use another. All figures
 * of a server cover all of its processes.
 *
 * Exit status: 0 whether targets are met or not (a timing is not a test), 1 if a token was lost or
 * a reply failed, else as in sysexits(3).
 */
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "tests/bench/relay_report.h"

#define SIZES_MAX      8u
#define ROWS_MAX       (SIZES_MAX * 5 + 8)
#define LIMIT_S        1200u
#define RATE           20u
#define ARRIVALS_PER_S 1000.0
#define RAMP_LEAST_S   1.0
#define SETTLE_S       1.0
#define FULL_TOKENS    500u /* of a reply at full speed */
#define FULL_RAMP_S    0.2
#define REQUESTS_S     2.0
#define CONNECTIONS    64u   /* of short requests */
#define BESIDE         1000u /* readers, and as many other visitors */

struct size {
	size_t streams;
	unsigned rate; /* of each, tokens per second */
};

struct bench {
	struct size sizes[SIZES_MAX];
	size_t n_sizes;
	unsigned seconds;
	bool parts[PARTS], servers[SERVER_KINDS]; /* what is measured */
	struct programs programs;
	struct place place;
	struct row rows[ROWS_MAX];
	size_t n_rows;
};

static const char help[] =
    "usage: relay [options]\n"
    "Compares banter with nginx and haproxy.\n"
    "\n"
    "  --streams N[@M]   N concurrent streams, each at M tokens per second (20); repeatable\n"
    "                    (100, 1000, 5000, 5000@4)\n"
    "  --seconds N       duration of each measurement (5)\n"
    "  --part NAME       only this: paced, full, beside, requests; repeatable\n"
    "  --server NAME     only this: nginx, haproxy, banter; repeatable\n"
    "  --nginx FILE, --haproxy FILE    the programs (/usr/sbin/nginx, /usr/sbin/haproxy)\n";

static const struct option options[] = {
    {"streams", required_argument, NULL, 'n'},
    {"seconds", required_argument, NULL, 's'},
    {"part", required_argument, NULL, 'p'},
    {"server", required_argument, NULL, 'k'},
    {"nginx", required_argument, NULL, 'x'},
    {"haproxy", required_argument, NULL, 'y'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* "5000" or "5000@4". */
static void
add_size(struct bench *b, const char *value)
{
	const char *at = strchr(value, '@');
	char streams[16];

	if (b->n_sizes == SIZES_MAX)
		errx(EX_USAGE, "at most %u numbers of streams", SIZES_MAX);
	snprintf(streams, sizeof(streams), "%.*s",
	    at == NULL ? (int)strlen(value) : (int)(at - value), value);
	b->sizes[b->n_sizes++] = (struct size){
	    .streams = bench_number("streams", streams, 1, 9000),
	    .rate = at == NULL ? RATE : bench_number("streams …@", at + 1, 1, 1000),
	};
}

static void
add_part(struct bench *b, const char *name)
{
	bool known = false;

	for (enum part i = 0; i < PARTS; i++)
		if (strcmp(part_name(i), name) == 0)
			b->parts[i] = known = true;
	if (!known)
		errx(EX_USAGE, "--part %s: unknown part", name);
}

static void
add_server(struct bench *b, const char *name)
{
	bool known = false;

	for (enum server_kind i = 0; i < SERVER_KINDS; i++)
		if (strcmp(server_name(i), name) == 0)
			b->servers[i] = known = true;
	if (!known)
		errx(EX_USAGE, "--server %s: unknown server", name);
}

static void
set_option(struct bench *b, int option)
{
	switch (option) {
	case 'n':
		add_size(b, optarg);
		break;
	case 's':
		b->seconds = bench_number("seconds", optarg, 1, 100);
		break;
	case 'p':
		add_part(b, optarg);
		break;
	case 'k':
		add_server(b, optarg);
		break;
	case 'x':
		b->programs.nginx = optarg;
		break;
	case 'y':
		b->programs.haproxy = optarg;
		break;
	case 'h':
		fputs(help, stdout);
		exit(0);
	default:
		fputs(help, stderr);
		exit(EX_USAGE);
	}
}

/* Everything is measured unless the options select parts. */
static void
set_defaults(struct bench *b)
{
	static const bool none[PARTS + SERVER_KINDS];

	if (memcmp(b->parts, none, sizeof(b->parts)) == 0)
		memset(b->parts, true, sizeof(b->parts));
	if (memcmp(b->servers, none, sizeof(b->servers)) == 0)
		memset(b->servers, true, sizeof(b->servers));
	if (b->n_sizes > 0)
		return;
	add_size(b, "100");
	add_size(b, "1000");
	add_size(b, "5000");
	/* As many tokens per second as a thousand streams produce: both servers keep up. */
	add_size(b, "5000@4");
}

/* Reports and skips servers that are not installed. */
static void
drop_missing(struct bench *b)
{
	for (enum server_kind i = 0; i < SERVER_KINDS; i++) {
		if (!b->servers[i] || server_exists(i, &b->programs))
			continue;
		printf("%s is not installed (make deps FOR=bench): skipped\n", server_name(i));
		b->servers[i] = false;
	}
}

/* Runs a few replies before measuring: what code and pools allocate once is not a stream's cost. */
static void
warm_up(const struct server *server)
{
	static const struct crowd_plan few = {
	    .readers = 10, .tokens = 20, .ramp_s = 0.05, .window_s = 0.2};
	struct crowd_figures unseen;

	crowd_run(server, &few, &unseen);
	crowd_clear(&unseen);
}

static struct row *
measure(struct bench *b, enum part part, enum server_kind kind, const char *beside,
    const struct crowd_plan *plan, struct row *base)
{
	struct row *row = &b->rows[b->n_rows++];
	struct server server;

	must(b->n_rows <= ROWS_MAX);
	*row = (struct row){.part = part, .server = kind, .beside = beside, .plan = *plan};
	server_start(&server, kind, &b->programs, &b->place);
	if (part != PART_REQUESTS)
		warm_up(&server);
	crowd_run(&server, plan, &row->figures);
	server_stop(&server);
	report_row(row, base);
	return row;
}

static double
ramp_for(size_t visitors)
{
	double s = (double)visitors / ARRIVALS_PER_S;

	return s < RAMP_LEAST_S ? RAMP_LEAST_S : s;
}

static struct crowd_plan
paced(const struct bench *b, size_t readers, size_t others, unsigned rate)
{
	return (struct crowd_plan){
	    .readers = readers,
	    .others = others,
	    .rate = rate,
	    .ramp_s = ramp_for(readers + others),
	    .settle_s = SETTLE_S,
	    .window_s = b->seconds,
	};
}

static struct crowd_plan
at_full_speed(const struct bench *b, size_t readers)
{
	return (struct crowd_plan){
	    .readers = readers,
	    .tokens = FULL_TOKENS,
	    .ramp_s = FULL_RAMP_S,
	    .window_s = b->seconds,
	};
}

/* haproxy is compared for its memory, which a run at full speed does not show. */
static void
measure_streams(struct bench *b, enum part part)
{
	report_part(part);
	for (size_t i = 0; i < b->n_sizes; i++) {
		const struct size *size = &b->sizes[i];
		struct crowd_plan plan = part == PART_PACED
		    ? paced(b, size->streams, 0, size->rate)
		    : at_full_speed(b, size->streams);
		struct row *base = NULL;

		/* Full speed has only one rate. */
		if (part == PART_FULL && size->rate != RATE)
			continue;
		for (enum server_kind kind = 0; kind < SERVER_KINDS; kind++) {
			struct row *row;

			if (!b->servers[kind] || (part == PART_FULL && kind == SERVER_HAPROXY))
				continue;
			row = measure(b, part, kind, NULL, &plan, base);
			if (kind == SERVER_NGINX)
				base = row;
		}
	}
}

/* Whether visitors who stop reading slow down those who read. */
static void
measure_beside(struct bench *b)
{
	struct crowd_plan plan = paced(b, BESIDE, 0, RATE);
	struct row *base;

	if (!b->servers[SERVER_BANTER])
		return;
	report_part(PART_BESIDE);
	measure(b, PART_BESIDE, SERVER_BANTER, "alone", &plan, NULL);
	plan = paced(b, BESIDE, BESIDE, RATE);
	base = measure(b, PART_BESIDE, SERVER_BANTER, "reading", &plan, NULL);
	plan.others_stop = true;
	measure(b, PART_BESIDE, SERVER_BANTER, "stopped", &plan, base);
}

static void
measure_requests(struct bench *b)
{
	static const char *const paths[] = {"/health", "/widget/chat-widget.js"};

	report_part(PART_REQUESTS);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const struct crowd_plan plan = {.readers = CONNECTIONS,
		    .path = paths[i],
		    .ramp_s = 0.1,
		    .settle_s = 0.4,
		    .window_s = REQUESTS_S};
		struct row *base = NULL;

		if (b->servers[SERVER_NGINX])
			base = measure(b, PART_REQUESTS, SERVER_NGINX, NULL, &plan, NULL);
		if (b->servers[SERVER_BANTER])
			measure(b, PART_REQUESTS, SERVER_BANTER, NULL, &plan, base);
	}
}

int
main(int argc, char **argv)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	bool whole = true;
	int option;

	b->seconds = 5;
	b->programs = (struct programs){"/usr/sbin/nginx", "/usr/sbin/haproxy"};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(b, option);
	set_defaults(b);
	drop_missing(b);
	fd_raise_limit();
	cores_choose();
	place_make(&b->place, LIMIT_S);
	if (b->parts[PART_PACED])
		measure_streams(b, PART_PACED);
	if (b->parts[PART_FULL])
		measure_streams(b, PART_FULL);
	if (b->parts[PART_BESIDE])
		measure_beside(b);
	if (b->parts[PART_REQUESTS])
		measure_requests(b);
	printf("\n");
	report_relay_json(b->seconds, b->rows, b->n_rows);
	for (size_t i = 0; i < b->n_rows; i++) {
		whole = whole && b->rows[i].figures.lost == 0 && b->rows[i].figures.failed == 0;
		crowd_clear(&b->rows[i].figures);
	}
	free(b);
	return whole ? 0 : 1;
}
