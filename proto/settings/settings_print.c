/*
 * Prints the table of settings (settings.def): as help, Markdown, mdoc items, and a settings file.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/settings/setting_kinds.h"
#include "proto/settings/settings.h"

#define ENV_COLUMNS 80

/* The systemd units set these for all daemons: another value in one file would separate the
 * daemons. */
static const char *const set_by_units[] = {"DATA_DIR", "STORE_SOCKET", "STORE_GROUP",
    "SEARCH_DIR", "SEARCH_SOCKET", "SEARCH_USER", "SETTINGS_FILE"};

void
settings_print_help(FILE *out, unsigned owners)
{
	size_t n;
	const struct setting *d = settings_table(&n);

	for (; n > 0; n--, d++) {
		if (!(d->owners & owners))
			continue;
		fprintf(out, "  %s", d->name);
		if (d->alias != NULL)
			fprintf(out, " (or %s)", d->alias);
		if (d->fallback != NULL)
			fprintf(out, " [%s]", d->fallback);
		fprintf(out, "\n      %s\n", d->help);
	}
}

void
settings_print_markdown(FILE *out)
{
	size_t n;
	const struct setting *d = settings_table(&n);

	fprintf(out, "| name | default | meaning |\n|---|---|---|\n");
	for (; n > 0; n--, d++) {
		fprintf(out, "| `%s`", d->name);
		if (d->alias != NULL)
			fprintf(out, " (or `%s`)", d->alias);
		if (d->fallback == NULL)
			fprintf(out, " | –");
		else
			fprintf(out, " | `%s`", d->fallback);
		fprintf(out, " | %s |\n", d->help);
	}
}

/* Prints text for mdoc, where a backslash is an escape and each sentence starts on a new line. No
 * text has a sentence that starts with a dot or an apostrophe. */
static void
settings_print_mdoc_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == ' ' && text[-1] == '.')
			fputc('\n', out);
		else
			fputc(*text, out);
}

void
settings_print_mdoc(FILE *out)
{
	size_t n;
	const struct setting *d = settings_table(&n);

	for (; n > 0; n--, d++) {
		fprintf(out, ".It Ev %s", d->name);
		if (d->alias != NULL)
			fprintf(out, " Pq or Ev %s", d->alias);
		fputc('\n', out);
		settings_print_mdoc_text(out, d->help);
		fputs(".\n", out);
		if (d->secret)
			fputs("A secret.\n", out);
		if (d->fallback != NULL) {
			fputs("Default:\n\\(lq", out);
			settings_print_mdoc_text(out, d->fallback);
			fputs("\\(rq.\n", out);
		}
	}
}

/* Prints comment lines, broken between words. */
static void
settings_print_env_comment(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column > 0 && column + 1 + word > ENV_COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		column +=
		    (size_t)fprintf(out, "%s%.*s", column == 0 ? "# " : " ", (int)word, text);
		text += word + strspn(text + word, " ");
	}
	fputc('\n', out);
}

static bool
settings_set_by_units(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(set_by_units); i++)
		if (strcmp(set_by_units[i], name) == 0)
			return true;
	return false;
}

void
settings_print_env(FILE *out)
{
	size_t n;
	const struct setting *d = settings_table(&n);

	for (; n > 0; n--, d++) {
		if (d->secret || settings_set_by_units(d->name))
			continue;
		settings_print_env_comment(out, d->help);
		fprintf(out, "#%s=%s\n\n", d->name, d->fallback == NULL ? "" : d->fallback);
	}
}
