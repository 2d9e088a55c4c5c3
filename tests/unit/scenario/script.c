#include "tests/unit/scenario/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

struct script_line *script_lines;
size_t script_lines_n;

static bool
is_loaded(const char *file)
{
	for (size_t i = 0; i < script_lines_n; i++)
		if (strcmp(script_lines[i].file, file) == 0)
			return true;
	return false;
}

static void
add_line(const char *file, unsigned number, const char *text)
{
	size_t blanks = strspn(text, " \t"), len = strcspn(text, "\n");
	char *copy;

	while (len > blanks && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len == blanks || text[blanks] == '#')
		return;
	copy = xcalloc(len - blanks + 1, 1);
	memcpy(copy, text + blanks, len - blanks);
	script_lines = xreallocarray(script_lines, script_lines_n + 1, sizeof(*script_lines));
	script_lines[script_lines_n++] = (struct script_line){file, number, blanks > 0, copy};
}

void
script_load(const char *file)
{
	size_t size = 0, first = script_lines_n, end;
	char *text = NULL;
	FILE *in;

	if (is_loaded(file))
		return;
	in = fopen(file, "re");
	if (in == NULL) {
		perror(file);
		exit(1);
	}
	file = xstrdup(file);
	for (unsigned number = 1; getline(&text, &size, in) != -1; number++)
		add_line(file, number, text);
	free(text);
	fclose(in);
	end = script_lines_n;
	for (size_t i = first; i < end; i++)
		if (!script_lines[i].indented && script_after(&script_lines[i], "use") != NULL)
			script_load(script_after(&script_lines[i], "use"));
}

char *
script_after(const struct script_line *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line->text, word, n) != 0 || strcspn(line->text, " \t") != n)
		return NULL;
	return line->text + n + strspn(line->text + n, " \t");
}

size_t
script_block_end(size_t line)
{
	while (line < script_lines_n && script_lines[line].indented)
		line++;
	return line;
}
