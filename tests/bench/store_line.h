/*
 * A connection to storaged like a worker's. All failures end the process (err(3)): a store that
 * does not answer, or refuses a request, has no figures.
 */
#ifndef TESTS_BENCH_STORE_LINE_H
#define TESTS_BENCH_STORE_LINE_H

#include "proto/ipc/channel.h"

/* Timeout of a reply. */
#define LINE_PATIENCE_MS 10000

/* Connects, and waits until storaged answers. */
void line_open(struct channel *line, const char *socket);

/* The next reply that has been read, valid until the next channel_read(); false if there is
 * none. */
bool line_answer(struct channel *line, struct frame *f, union msg *m);

/* Sends one request alone on its connection, waits for the reply, which must be of this type, and
 * returns the nanoseconds between. The reply is valid until the next request. */
uint64_t line_ask(struct channel *line, enum msg_type type, const void *request,
    enum msg_type answer_type, union msg *answer);

#endif
