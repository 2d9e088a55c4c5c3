/*
 * Lines from a terminal, or from a file or pipe in its place.
 */
#include "storaged/cli/base/interactive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/readpassphrase.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"

/* Reads a line, and skips the rest of one that does not fit. False at the end of the input. */
static bool
interactive_read_line(char *answer, size_t size, bool *fits)
{
	size_t len;
	int c;

	if (fgets(answer, (int)size, stdin) == NULL)
		return false;
	len = strcspn(answer, "\n");
	*fits = answer[len] == '\n' || len < size - 1 || feof(stdin);
	answer[len] = '\0';
	for (c = *fits ? '\n' : 0; c != '\n' && c != EOF;)
		c = getchar();
	return true;
}

static bool
interactive_read(const struct question *q, char *answer, size_t size, bool *fits)
{
	bool hidden = q->secret && isatty(STDIN_FILENO) == 1;

	*fits = true;
	(void)fprintf(stderr, hidden ? "%s\n" : "%s\n> ", q->text);
	if (hidden)
		return readpassphrase("> ", answer, size, RPP_ECHO_OFF) != NULL;
	return interactive_read_line(answer, size, fits);
}

/* What is wrong with an answer; the caller frees the text. */
static char *
interactive_problem(const struct question *q, const char *answer, size_t size, bool fits)
{
	char *text;

	if (fits)
		return q->problem == NULL ? NULL : q->problem(q, answer);
	must(asprintf(&text, "the answer is too long: at most %zu bytes are allowed",
		 size - 2) != -1);
	return text;
}

int
interactive_ask(const struct question *q, char *answer, size_t size)
{
	for (int tries = 0; tries < INTERACTIVE_TRIES; tries++) {
		char *problem;
		bool fits;

		if (!interactive_read(q, answer, size, &fits))
			return console_fail(EX_DATAERR,
			    "standard input ended before this question had a valid answer");
		problem = interactive_problem(q, answer, size, fits);
		if (problem == NULL)
			return 0;
		console_warn("%s", problem);
		free(problem);
	}
	return console_fail(EX_DATAERR, "too many invalid answers");
}
