/*
 * Answers of `banter setup` in files, for automation.
 */
#ifndef STORAGED_CLI_SETUP_ANSWERS_FILE_H
#define STORAGED_CLI_SETUP_ANSWERS_FILE_H

#include "storaged/cli/setup/answers.h"

/* Takes the answers of a file. Its lines are NAME=VALUE, empty, or comments, which begin with '#'. 0, or
 * the exit status after an error message. */
[[gnu::warn_unused_result]] int answers_file_read(struct answers *a, const char *path);

/* Takes one answer, the first line of a file. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int answers_file_read_secret(
    struct answers *a, enum answer which, const char *path);

#endif
