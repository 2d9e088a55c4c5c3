/*
 * Questions to a person, printed to standard error; answers are read from standard input.
 */
#ifndef STORAGED_CLI_BASE_INTERACTIVE_H
#define STORAGED_CLI_BASE_INTERACTIVE_H

#include <stddef.h>

/* Prints the question and reads a line of at most size - 1 bytes, without its line break; an empty
 * one at the end of the input. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int interactive_ask(
    const char *question, char *answer, size_t size);

/* Like interactive_ask(), for a secret: a terminal does not show the answer. */
[[gnu::warn_unused_result]] int interactive_ask_secret(
    const char *question, char *answer, size_t size);

#endif
