/*
 * Short requests: a few keep-alive connections, each of which repeats the same request as soon as
 * the response has arrived.
 */
#ifndef TESTS_BENCH_RELAY_REQUESTS_H
#define TESTS_BENCH_RELAY_REQUESTS_H

#include "tests/bench/relay_server.h"

struct request_figures {
	uint64_t ns, cpu_ns, requests;
	uint64_t bytes; /* of a response, including the header */
};

/* Runs for this many seconds. A response other than 200 ends the benchmark. */
void requests_run(const struct server *server, const char *path, double seconds,
    struct request_figures *figures);

#endif
