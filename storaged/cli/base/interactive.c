/*
 * Lines from a terminal, or from a file or pipe in its place.
 */
#include "storaged/cli/base/interactive.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/readpassphrase.h>

#include "storaged/cli/base/console.h"

static int
interactive_read_line(char *answer, size_t size)
{
	size_t len;

	answer[0] = '\0';
	if (fgets(answer, (int)size, stdin) == NULL)
		return feof(stdin) ? 0
				   : console_fail(EX_IOERR,
					 "the answer could not be read from standard input");
	len = strcspn(answer, "\n");
	if (answer[len] == '\0' && len == size - 1)
		return console_fail(EX_DATAERR,
		    "the answer is too long: at most %zu bytes are allowed", size - 2);
	answer[len] = '\0';
	return 0;
}

int
interactive_ask(const char *question, char *answer, size_t size)
{
	(void)fprintf(stderr, "%s\n> ", question);
	return interactive_read_line(answer, size);
}

int
interactive_ask_secret(const char *question, char *answer, size_t size)
{
	if (isatty(STDIN_FILENO) != 1)
		return interactive_ask(question, answer, size);
	(void)fprintf(stderr, "%s\n", question);
	if (readpassphrase("> ", answer, size, RPP_ECHO_OFF) == NULL)
		return console_fail(
		    EX_IOERR, "the answer could not be read from standard input");
	return 0;
}
