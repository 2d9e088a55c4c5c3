/*
 * Questions to a person: they go to standard error, answers come from standard input.
 */
#ifndef STORAGED_CLI_BASE_INTERACTIVE_H
#define STORAGED_CLI_BASE_INTERACTIVE_H

#include <stddef.h>

/* Asks, and reads a line of at most size - 1 bytes without its break; the end of the input is an empty
 * one. 0, or the exit status with the reason said. */
[[gnu::warn_unused_result]] int interactive_ask(
    const char *question, char *answer, size_t size);

/* The same for a secret, which a terminal does not show. */
[[gnu::warn_unused_result]] int interactive_ask_secret(
    const char *question, char *answer, size_t size);

#endif
