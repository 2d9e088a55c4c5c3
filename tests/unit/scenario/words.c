#include "tests/unit/scenario/words.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit/scenario/scenario.h"

/* The end of the word that begins here. */
static char *
word_end(char *p)
{
	bool quoted = false;
	int depth = 0;

	for (; *p != '\0' && (quoted || depth > 0 || strchr(" \t", *p) == NULL); p++) {
		if (quoted && *p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (*p == '{' || *p == '['))
			depth++;
		else if (!quoted && (*p == '}' || *p == ']'))
			depth--;
	}
	if (quoted || depth != 0)
		scenario_fail("a quote or a bracket is not closed");
	return p;
}

void
words_split(char *text, struct words *words)
{
	char *p = text + strspn(text, " \t");

	words->n = 0;
	while (*p != '\0') {
		char *end = word_end(p);

		if (words->n == LINE_WORDS_MAX)
			scenario_fail("more than %d words", LINE_WORDS_MAX);
		words->word[words->n++] = p;
		p = end + strspn(end, " \t");
		*end = '\0';
	}
}
