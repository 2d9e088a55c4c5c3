/*
 * Short requests: a few keep-alive connections that each ask for the same thing again as soon as
 * they have it.
 */
#ifndef TESTS_BENCH_RELAY_REQUESTS_H
#define TESTS_BENCH_RELAY_REQUESTS_H

#include "tests/bench/relay_server.h"

struct request_figures {
	uint64_t ns, cpu_ns, requests;
	uint64_t bytes; /* of an answer, header included */
};

/* Asks for so many seconds. An answer other than 200 ends the benchmark. */
void requests_run(const struct server *server, const char *path, double seconds,
    struct request_figures *figures);

#endif
