/*
 * A connection to storaged, as a worker has it. All failures end the process (err(3)): a store that
 * does not answer, or refuses, has no figures.
 */
#ifndef TESTS_BENCH_STORE_LINE_H
#define TESTS_BENCH_STORE_LINE_H

#include "proto/ipc/channel.h"

/* How long an answer is waited for. */
#define LINE_PATIENCE_MS 10000

/* Connects, and waits until storaged answers. */
void line_open(struct channel *line, const char *socket);

/* The next answer that has been read, valid until the next channel_read(); false if there is
 * none. */
bool line_answer(struct channel *line, struct frame *f, union msg *m);

/* One request alone on its connection: sends it, waits for the answer, which must be of this type,
 * and returns the nanoseconds that both took. The answer is valid until the next request. */
uint64_t line_ask(struct channel *line, enum msg_type type, const void *request,
    enum msg_type answer_type, union msg *answer);

#endif
