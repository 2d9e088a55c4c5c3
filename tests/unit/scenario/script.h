/*
 * The lines of scenario files, as scenario.h describes them.
 */
#ifndef TESTS_UNIT_SCENARIO_SCRIPT_H
#define TESTS_UNIT_SCENARIO_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct script_line {
	const char *file;
	unsigned number;
	bool indented;
	char *text; /* without the blanks around it */
};

/* All lines but comments and empty ones. */
extern struct script_line *script_lines;
extern size_t script_lines_n;

/* Adds the lines of a file and of those that it uses, if they are not there yet. */
void script_load(const char *file);

/* The rest of a line that begins with this word, or NULL. */
char *script_after(const struct script_line *line, const char *word);

/* The first line after a macro or scenario that begins before `line`. */
size_t script_block_end(size_t line);

#endif
