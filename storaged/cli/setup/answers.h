/*
 * The answers of `banter setup`: what they are called, what would be valid, and where they come from: the
 * command line, a file, or questions. Secrets are never on the command line, which other users can read
 * (proc(5), cmdline).
 */
#ifndef STORAGED_CLI_SETUP_ANSWERS_H
#define STORAGED_CLI_SETUP_ANSWERS_H

#include "proto/base/buf.h"

enum answer {
	ANSWER_MODEL_KEY,
	ANSWER_MODEL_URL,
	ANSWER_SITES,
	ANSWER_MODEL,
	ANSWER_OWNER_EMAIL,
	ANSWER_OWNER_PASSWORD,
	ANSWER_DAILY_TOKENS,
	ANSWER_RESTART, /* yes or no */
	ANSWERS
};

struct answers {
	/* Owned. NULL: not given. "": given, and keeps the present value; no user, no limit. */
	char *text[ANSWERS];
};

/* Wipes and frees the texts. */
void answers_clear(struct answers *a);

/* Takes an answer; NULL: none. 0, or EX_USAGE after an error message if it was given before. */
[[gnu::warn_unused_result]] int answers_set(
    struct answers *a, enum answer which, const char *text);

/* The answer with this name: of its option, without "-file". False: there is none. */
bool answers_find(struct slice name, enum answer *which);

/* Whether an answer to any question but the last one, the restart, is given: then none is asked. */
bool answers_are_given(const struct answers *a);

/* Asks a question, unless its answer is given, which is only checked. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int answers_ask(struct answers *a, enum answer which);

/* Reports each given answer that is invalid, and each present setting that would need one. 0, or EX_CONFIG.
 */
[[gnu::warn_unused_result]] int answers_check_all(const struct answers *a);

/* Writes the settings to the directory. They are valid. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int answers_save(const struct answers *a, const char *dir);

/* Whether the answer is yes, which it also is if it is empty. */
bool answers_is_yes(const char *answer);

#endif
