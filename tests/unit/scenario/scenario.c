#include "tests/unit/scenario/scenario.h"

#include <fnmatch.h>
#include <glob.h>

#include "tests/unit/scenario/message_text.h"
#include "tests/unit/scenario/script.h"
#include "tests/unit/unit.h"

#define STEP_SIZE  8192 /* bytes of a step with the values of its parameters */
#define PARAMETERS 16
#define DEPTH      32 /* of macros in macros */

/* The values of parameters. */
struct scope {
	const struct scope *outer;
	const char *name[PARAMETERS], *value[PARAMETERS];
	size_t n;
	const char *rest; /* %*; NULL: not in a macro */
};

struct macro {
	const char *name;
	size_t line;
	bool shared; /* files use the one that has it */
};

/* A scenario with its row, if it has a table. */
struct test {
	size_t first, end; /* its steps */
	struct scope row;
	char name[256];
};

static const struct scenario_subject *subject;

static struct macro *macros;
static size_t macros_n;

/* The scenario that runs. */
static struct {
	void *world;
	bool ended;
	const struct script_line *calls[DEPTH]; /* the macros that it is in, and the step */
	size_t depth;
} run;

static void run_lines(size_t first, size_t end, const struct scope *scope);

void
scenario_fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprint_error(format, ap);
	va_end(ap);
	print_error("\n");
	if (run.world == NULL)
		exit(1); /* while the files are read */
	fail();
	abort();
}

static const char *
value_of(const struct scope *scope, const char *name, size_t len)
{
	for (; scope != NULL; scope = scope->outer) {
		if (scope->rest != NULL && len == 1 && name[0] == '*')
			return scope->rest;
		for (size_t i = 0; i < scope->n; i++)
			if (strncmp(scope->name[i], name, len) == 0 &&
			    scope->name[i][len] == '\0')
				return scope->value[i];
	}
	scenario_fail("there is no parameter %%%.*s", (int)len, name);
}

/* Copies a line with the values in place of %name. */
static void
expand(const char *text, const struct scope *scope, char *out, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
	size_t n = 0;

	while (*text != '\0') {
		const char *piece = text;
		size_t len = strcspn(text, "%");

		if (len == 0) {
			len = text[1] == '*' ? 1 : strspn(text + 1, letters);
			piece = value_of(scope, text + 1, len);
			text += 1 + len;
			len = strlen(piece);
		} else {
			text += len;
		}
		if (n + len >= size)
			scenario_fail("the step is too long");
		memcpy(out + n, piece, len);
		n += len;
	}
	out[n] = '\0';
}

static void
scope_add(struct scope *scope, const char *name, const char *value)
{
	if (scope->n == PARAMETERS)
		scenario_fail("more than %d parameters", PARAMETERS);
	scope->name[scope->n] = name;
	scope->value[scope->n++] = value;
}

/* Whether files use this one. */
static bool
is_shared(const char *file)
{
	for (size_t i = 0; i < script_lines_n; i++) {
		const char *used =
		    script_lines[i].indented ? NULL : script_after(&script_lines[i], "use");

		if (used != NULL && strcmp(used, file) == 0)
			return true;
	}
	return false;
}

static void
add_macro(size_t line)
{
	struct words words;
	struct macro *macro;

	macros = xreallocarray(macros, macros_n + 1, sizeof(*macros));
	macro = &macros[macros_n++];
	words_split(xstrdup(script_after(&script_lines[line], "macro")), &words);
	macro->name = words.word[0];
	macro->line = line;
	macro->shared = is_shared(script_lines[line].file);
}

/* The line of the macro with this name in this file, or else in a file that others use. */
static size_t
find_macro(const char *name, const char *file)
{
	size_t found = script_lines_n;

	for (size_t i = 0; i < macros_n; i++) {
		if (strcmp(macros[i].name, name) != 0)
			continue;
		if (strcmp(script_lines[macros[i].line].file, file) == 0)
			return macros[i].line;
		if (macros[i].shared)
			found = macros[i].line;
	}
	return found;
}

static bool
takes_rest(size_t macro)
{
	for (size_t i = macro + 1; i < script_block_end(macro + 1); i++)
		if (strstr(script_lines[i].text, "%*") != NULL)
			return true;
	return false;
}

static void
run_macro(size_t macro, const struct words *call)
{
	char head[STEP_SIZE], rest[STEP_SIZE] = "";
	struct scope scope = {.rest = rest};
	struct words names;

	snprintf(head, sizeof(head), "%s", script_after(&script_lines[macro], "macro"));
	words_split(head, &names);
	if (call->n < names.n || (call->n > names.n && !takes_rest(macro)))
		scenario_fail("the macro has %zu parameters", names.n - 1);
	for (size_t i = 1; i < names.n; i++)
		scope_add(&scope, names.word[i], call->word[i]);
	for (size_t i = names.n, n = 0; i < call->n; i++)
		n += (size_t)snprintf(rest + n, sizeof(rest) - n, "%s ", call->word[i]);
	run_lines(macro + 1, script_block_end(macro + 1), &scope);
}

/* The line of the `end` of a loop whose first line this is. */
static size_t
loop_end(size_t line, size_t end)
{
	for (size_t depth = 0; line < end; line++) {
		if (script_after(&script_lines[line], "repeat") != NULL)
			depth++;
		else if (script_after(&script_lines[line], "end") != NULL && depth-- == 0)
			return line;
	}
	scenario_fail("the loop has no end");
}

static void
run_loop(const struct words *step, size_t first, size_t end, const struct scope *scope)
{
	size_t n = strtoul(step->word[1], NULL, 10);

	for (size_t i = 0; i < n; i++) {
		struct scope inner = {.outer = scope};
		char number[24];

		snprintf(number, sizeof(number), "%zu", i);
		scope_add(&inner, step->n > 2 ? step->word[2] : "i", number);
		run_lines(first, end, &inner);
	}
}

/* Returns the line of the next step. */
static size_t
run_line(size_t line, size_t end, const struct scope *scope)
{
	char text[STEP_SIZE];
	struct words step;
	size_t macro;

	expand(script_lines[line].text, scope, text, sizeof(text));
	words_split(text, &step);
	if (strcmp(step.word[0], "repeat") == 0 && step.n >= 2) {
		size_t after = loop_end(line + 1, end);

		run_loop(&step, line + 1, after, scope);
		return after + 1;
	}
	macro = find_macro(step.word[0], script_lines[line].file);
	if (macro < script_lines_n)
		run_macro(macro, &step);
	else if (!subject->step(run.world, &step))
		scenario_fail("there is no step \"%s\"", step.word[0]);
	return line + 1;
}

static void
run_lines(size_t first, size_t end, const struct scope *scope)
{
	if (run.depth == DEPTH)
		scenario_fail("macros call each other without end");
	run.depth++;
	for (size_t line = first; line < end;) {
		run.calls[run.depth - 1] = &script_lines[line];
		line = run_line(line, end, scope);
	}
	run.depth--;
}

static void
run_scenario(void **state)
{
	struct test *test = *state;

	memset(&run, 0, sizeof(run));
	run.world = subject->set_up();
	run_lines(test->first, test->end, &test->row);
	if (subject->end != NULL)
		subject->end(run.world);
	run.ended = true;
}

static int
tear_down(void **state)
{
	void *world = run.world;

	(void)state;
	for (size_t i = run.ended ? 0 : run.depth; i-- > 0;)
		print_error("%s:%u: %s\n", run.calls[i]->file, run.calls[i]->number,
		    run.calls[i]->text);
	run.world = NULL;
	if (world != NULL)
		subject->tear_down(world);
	return 0;
}

static struct test *tests;
static size_t tests_n;

static void
add_test(size_t head, size_t first, size_t end, const struct scope *row)
{
	const char *pattern = getenv("SCENARIO");
	struct test test = {.first = first, .end = end, .row = *row};

	expand(
	    script_after(&script_lines[head], "scenario"), row, test.name, sizeof(test.name));
	if (pattern != NULL && fnmatch(pattern, test.name, 0) != 0)
		return;
	tests = xreallocarray(tests, tests_n + 1, sizeof(*tests));
	tests[tests_n++] = test;
}

/* Splits text in place at white space or, if bars, at each "|". */
static void
split_cells(char *text, bool bars, struct words *cells)
{
	cells->n = 0;
	if (!bars)
		words_split(text, cells);
	while (bars && text != NULL) {
		char *cell = strsep(&text, "|"), *end = cell + strlen(cell);

		cell += strspn(cell, " \t");
		while (end > cell && strchr(" \t", end[-1]) != NULL)
			*--end = '\0';
		if (cells->n == PARAMETERS)
			scenario_fail("more than %d columns", PARAMETERS);
		cells->word[cells->n++] = cell;
	}
}

/* One test for each row of the table that begins here; its rows' words stay allocated. */
static void
add_rows(size_t head, size_t table, size_t end)
{
	const char *columns = script_after(&script_lines[table], "with");
	bool bars = strpbrk(columns, "| \t") == NULL || strchr(columns, '|') != NULL;
	struct words names, values;
	size_t first = table + 1;

	split_cells(xstrdup(columns), bars, &names);
	while (first < end && script_after(&script_lines[first], "|") != NULL)
		first++;
	for (size_t i = table + 1; i < first; i++) {
		struct scope row = {0};

		split_cells(xstrdup(script_after(&script_lines[i], "|")), bars, &values);
		if (values.n != names.n)
			scenario_fail("%s:%u: the row has %zu columns, not %zu",
			    script_lines[i].file, script_lines[i].number, values.n, names.n);
		for (size_t k = 0; k < names.n; k++)
			scope_add(&row, names.word[k], values.word[k]);
		add_test(head, first, end, &row);
	}
}

static void
add_default(const struct script_line *line)
{
	struct words words;

	words_split(xstrdup(script_after(line, "default")), &words);
	for (size_t i = 1; i < words.n; i++)
		message_text_default(words.word[0], words.word[i]);
}

static void
collect(void)
{
	const struct scope none = {0};

	for (size_t i = 0; i < script_lines_n; i++) {
		size_t end = script_block_end(i + 1);

		if (script_lines[i].indented)
			continue;
		if (script_after(&script_lines[i], "macro") != NULL)
			add_macro(i);
		else if (script_after(&script_lines[i], "default") != NULL)
			add_default(&script_lines[i]);
		else if (script_after(&script_lines[i], "scenario") == NULL)
			continue;
		else if (i + 1 < end && script_after(&script_lines[i + 1], "with") != NULL)
			add_rows(i, i + 1, end);
		else
			add_test(i, i + 1, end, &none);
	}
}

int
scenario_main(const struct scenario_subject *s, const char *pattern, int argc, char **argv)
{
	struct CMUnitTest *list;
	glob_t files = {0};
	int failed;

	subject = s;
	if (argc < 2 && glob(pattern, 0, NULL, &files) != 0)
		scenario_fail("no file matches %s", pattern);
	for (size_t i = 0; i < files.gl_pathc; i++)
		script_load(files.gl_pathv[i]);
	globfree(&files);
	for (int i = 1; i < argc; i++)
		script_load(argv[i]);
	collect();
	list = xcalloc(tests_n + 1, sizeof(*list));
	for (size_t i = 0; i < tests_n; i++)
		list[i] = (struct CMUnitTest){
		    tests[i].name, run_scenario, NULL, tear_down, &tests[i]};
	failed = _cmocka_run_group_tests("scenarios", list, tests_n, NULL, NULL);
	free(list);
	return failed;
}
