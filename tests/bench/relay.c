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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"
#include "tests/bench/relay_child.h"
#include "tests/bench/relay_report.h"

#define SIZES_MAX      8u
#define ROWS_MAX       (SIZES_MAX * 5 + 4)
#define REQUESTS_MAX   4u
#define LIMIT_S        1200u
#define RATE           20u
#define ARRIVALS_PER_S 1000.0
#define RAMP_LEAST_S   1.0
#define SETTLE_S       1.0
#define FULL_TOKENS    500u /* of a reply at full speed */
#define FULL_RAMP_S    0.2
#define REQUESTS_S     2.0

struct size {
	size_t streams;
	unsigned rate; /* of each, tokens per second */
};

struct options {
	struct size sizes[SIZES_MAX];
	size_t n_sizes;
	size_t beside; /* readers, and as many other visitors; 0: not measured */
	unsigned seconds;
	bool parts[PARTS], any_part;
	bool servers[SERVER_KINDS], any_server;
	struct programs programs;
	const char *dir, *json;
};

struct bench {
	struct options options;
	struct place place;
	struct row rows[ROWS_MAX];
	size_t n_rows;
	struct request_row request_rows[REQUESTS_MAX];
	size_t n_request_rows;
};

static const char help[] =
    "usage: relay [options]\n"
    "Compares banter with nginx and haproxy.\n"
    "\n"
    "  --streams N[@M]   N concurrent streams, each at M tokens per second (20); repeatable\n"
    "                    (100, 1000, 5000, 5000@4)\n"
    "  --beside N        N readers beside N other visitors, some of whom stop reading (1000)\n"
    "  --seconds N       duration of each measurement (5)\n"
    "  --part NAME       only this: paced, full, beside, requests; repeatable\n"
    "  --server NAME     only this: nginx, haproxy, banter; repeatable\n"
    "  --build DIR       directory of the programs (build)\n"
    "  --nginx FILE, --haproxy FILE    the programs (/usr/sbin/nginx, /usr/sbin/haproxy)\n"
    "  --bundle DIR      where chat-widget.js is (widget/dist)\n"
    "  --dir DIR         for logs and the store; removed at exit (build/bench)\n"
    "  --json FILE       the figures as JSON (build/bench/relay.json)\n";

enum option_id {
	OPT_STREAMS = 256,
	OPT_BESIDE,
	OPT_SECONDS,
	OPT_PART,
	OPT_SERVER,
	OPT_BUILD,
	OPT_NGINX,
	OPT_HAPROXY,
	OPT_BUNDLE,
	OPT_DIR,
	OPT_JSON,
	OPT_HELP
};

static const struct option long_options[] = {
    {"streams", required_argument, NULL, OPT_STREAMS},
    {"beside", required_argument, NULL, OPT_BESIDE},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"part", required_argument, NULL, OPT_PART},
    {"server", required_argument, NULL, OPT_SERVER},
    {"build", required_argument, NULL, OPT_BUILD},
    {"nginx", required_argument, NULL, OPT_NGINX},
    {"haproxy", required_argument, NULL, OPT_HAPROXY},
    {"bundle", required_argument, NULL, OPT_BUNDLE},
    {"dir", required_argument, NULL, OPT_DIR},
    {"json", required_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static unsigned
number(const char *name, const char *value, unsigned min, unsigned max)
{
	const char *why;
	unsigned n = (unsigned)strtonum(value, min, max, &why);

	if (why != NULL)
		errx(EX_USAGE, "--%s %s: %s", name, value, why);
	return n;
}

/* "5000" or "5000@4". */
static void
add_size(struct options *o, const char *value)
{
	const char *at = strchr(value, '@');
	char streams[16];

	if (o->n_sizes == SIZES_MAX)
		errx(EX_USAGE, "at most %u numbers of streams", SIZES_MAX);
	snprintf(streams, sizeof(streams), "%.*s",
	    at == NULL ? (int)strlen(value) : (int)(at - value), value);
	o->sizes[o->n_sizes++] = (struct size){
	    .streams = number("streams", streams, 1, 9000),
	    .rate = at == NULL ? RATE : number("streams …@", at + 1, 1, 1000),
	};
}

static void
add_part(struct options *o, const char *name)
{
	for (enum part i = 0; i < PARTS; i++) {
		if (strcmp(part_name(i), name) != 0)
			continue;
		o->parts[i] = o->any_part = true;
		return;
	}
	errx(EX_USAGE, "--part %s: unknown part", name);
}

static void
add_server(struct options *o, const char *name)
{
	for (enum server_kind i = 0; i < SERVER_KINDS; i++) {
		if (strcmp(server_name(i), name) != 0)
			continue;
		o->servers[i] = o->any_server = true;
		return;
	}
	errx(EX_USAGE, "--server %s: unknown server", name);
}

static void
set_option(struct options *o, int option)
{
	switch (option) {
	case OPT_STREAMS:
		add_size(o, optarg);
		break;
	case OPT_BESIDE:
		o->beside = number("beside", optarg, 0, 4000);
		break;
	case OPT_SECONDS:
		o->seconds = number("seconds", optarg, 1, 100);
		break;
	case OPT_PART:
		add_part(o, optarg);
		break;
	case OPT_SERVER:
		add_server(o, optarg);
		break;
	case OPT_BUILD:
		o->programs.build = optarg;
		break;
	case OPT_NGINX:
		o->programs.nginx = optarg;
		break;
	case OPT_HAPROXY:
		o->programs.haproxy = optarg;
		break;
	case OPT_BUNDLE:
		o->programs.bundle_dir = optarg;
		break;
	case OPT_DIR:
		o->dir = optarg;
		break;
	case OPT_JSON:
		o->json = optarg;
		break;
	case OPT_HELP:
		fputs(help, stdout);
		exit(0);
	default:
		fputs(help, stderr);
		exit(EX_USAGE);
	}
}

/* Everything is measured unless the options select parts. */
static void
set_defaults(struct options *o)
{
	for (size_t i = 0; i < PARTS && !o->any_part; i++)
		o->parts[i] = true;
	for (size_t i = 0; i < SERVER_KINDS && !o->any_server; i++)
		o->servers[i] = true;
	if (o->n_sizes > 0)
		return;
	add_size(o, "100");
	add_size(o, "1000");
	add_size(o, "5000");
	/* As many tokens per second as a thousand streams produce: both servers keep up. */
	add_size(o, "5000@4");
}

/* Reports and skips servers that are not installed. */
static void
drop_missing(struct options *o)
{
	for (enum server_kind i = 0; i < SERVER_KINDS; i++) {
		if (!o->servers[i] || server_exists(i, &o->programs))
			continue;
		printf("%s is not installed (make deps FOR=bench): skipped\n", server_name(i));
		o->servers[i] = false;
	}
}

static void
parse_options(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){
	    .beside = 1000,
	    .seconds = 5,
	    .programs =
		{
		    .build = "build",
		    .nginx = "/usr/sbin/nginx",
		    .haproxy = "/usr/sbin/haproxy",
		    .bundle_dir = "widget/dist",
		},
	    .dir = "build/bench",
	    .json = "build/bench/relay.json",
	};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set_option(o, option);
	if (optind < argc)
		errx(EX_USAGE, "unknown argument %s", argv[optind]);
	set_defaults(o);
	drop_missing(o);
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
measure_crowd(struct bench *b, enum part part, enum server_kind kind, const char *beside,
    const struct crowd_plan *plan, const struct row *base)
{
	struct row *row = &b->rows[b->n_rows++];
	struct crowd_figures figures;
	struct server server;

	must(b->n_rows <= ROWS_MAX);
	server_start(&server, kind, &b->options.programs, &b->place);
	warm_up(&server);
	crowd_run(&server, plan, &figures);
	server_stop(&server);
	*row = row_of(part, kind, plan, beside, &figures);
	crowd_clear(&figures);
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
paced(const struct options *o, size_t readers, size_t others, unsigned rate)
{
	return (struct crowd_plan){
	    .readers = readers,
	    .others = others,
	    .rate = rate,
	    .ramp_s = ramp_for(readers + others),
	    .settle_s = SETTLE_S,
	    .window_s = o->seconds,
	};
}

static struct crowd_plan
at_full_speed(const struct options *o, size_t readers)
{
	return (struct crowd_plan){
	    .readers = readers,
	    .tokens = FULL_TOKENS,
	    .ramp_s = FULL_RAMP_S,
	    .window_s = o->seconds,
	};
}

/* haproxy is compared for its memory, which a run at full speed does not show. */
static void
measure_streams(struct bench *b, enum part part)
{
	const struct options *o = &b->options;

	report_part(part);
	for (size_t i = 0; i < o->n_sizes; i++) {
		const struct size *size = &o->sizes[i];
		struct crowd_plan plan = part == PART_PACED
		    ? paced(o, size->streams, 0, size->rate)
		    : at_full_speed(o, size->streams);
		const struct row *base = NULL;

		/* Full speed has only one rate. */
		if (part == PART_FULL && size->rate != RATE)
			continue;
		for (enum server_kind kind = 0; kind < SERVER_KINDS; kind++) {
			const struct row *row;

			if (!o->servers[kind] || (part == PART_FULL && kind == SERVER_HAPROXY))
				continue;
			row = measure_crowd(b, part, kind, NULL, &plan, base);
			if (kind == SERVER_NGINX)
				base = row;
		}
	}
}

/* Whether visitors who stop reading slow down those who read. */
static void
measure_beside(struct bench *b)
{
	struct crowd_plan plan = paced(&b->options, b->options.beside, 0, RATE);
	const struct row *base;

	if (b->options.beside == 0 || !b->options.servers[SERVER_BANTER])
		return;
	report_part(PART_BESIDE);
	measure_crowd(b, PART_BESIDE, SERVER_BANTER, "alone", &plan, NULL);
	plan = paced(&b->options, b->options.beside, b->options.beside, RATE);
	base = measure_crowd(b, PART_BESIDE, SERVER_BANTER, "reading", &plan, NULL);
	plan.others_stop = true;
	measure_crowd(b, PART_BESIDE, SERVER_BANTER, "stopped", &plan, base);
}

static struct request_row *
measure_requests(
    struct bench *b, enum server_kind kind, const char *path, const struct request_row *base)
{
	struct request_row *row = &b->request_rows[b->n_request_rows++];
	struct request_figures f;
	struct server server;

	must(b->n_request_rows <= REQUESTS_MAX);
	server_start(&server, kind, &b->options.programs, &b->place);
	requests_run(&server, path, REQUESTS_S, &f);
	server_stop(&server);
	*row = (struct request_row){
	    .server = kind,
	    .path = path,
	    .per_s = (double)f.requests * 1e9 / (double)f.ns,
	    .cpu_us = (double)f.cpu_ns / 1e3 / (double)f.requests,
	    .bytes = f.bytes,
	};
	report_request_row(row, base);
	return row;
}

static void
measure_all_requests(struct bench *b)
{
	static const char *const paths[] = {"/health", "/widget/chat-widget.js"};

	report_part(PART_REQUESTS);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const struct request_row *base = NULL;

		if (b->options.servers[SERVER_NGINX])
			base = measure_requests(b, SERVER_NGINX, paths[i], NULL);
		if (b->options.servers[SERVER_BANTER])
			measure_requests(b, SERVER_BANTER, paths[i], base);
	}
}

static void
write_json(const struct bench *b)
{
	const struct report report = {
	    .seconds = b->options.seconds,
	    .rows = b->rows,
	    .n_rows = b->n_rows,
	    .request_rows = b->request_rows,
	    .n_request_rows = b->n_request_rows,
	};
	const char *path = b->options.json;
	FILE *out = fopen(path, "we");

	if (out == NULL || !report_relay_json(out, &report) || fclose(out) != 0)
		err(EX_CANTCREAT, "%s", path);
	printf("\nThe same as JSON: %s\n", path);
}

static bool
nothing_lost(const struct bench *b)
{
	for (size_t i = 0; i < b->n_rows; i++)
		if (b->rows[i].lost > 0 || b->rows[i].failed > 0)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	bool whole;

	parse_options(&b->options, argc, argv);
	fd_raise_limit();
	cores_choose();
	place_make(&b->place, b->options.dir, LIMIT_S);
	if (b->options.parts[PART_PACED])
		measure_streams(b, PART_PACED);
	if (b->options.parts[PART_FULL])
		measure_streams(b, PART_FULL);
	if (b->options.parts[PART_BESIDE])
		measure_beside(b);
	if (b->options.parts[PART_REQUESTS])
		measure_all_requests(b);
	write_json(b);
	whole = nothing_lost(b);
	free(b);
	return whole ? 0 : 1;
}
