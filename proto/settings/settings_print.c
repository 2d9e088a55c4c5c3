/*
 * Prints the table of settings (settings.def): as help, as sections of a man page, and as a settings
 * file.
 */
#include <inttypes.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/settings/setting_kinds.h"
#include "proto/settings/settings.h"

#define ENV_COLUMNS 80

/* The systemd units set these for all daemons: another value in one file would separate the
 * daemons. */
static const char *const set_by_units[] = {"DATA_DIR", "STORE_SOCKET", "STORE_GROUP",
    "FRONT_USER", "SEARCH_DIR", "SEARCH_SOCKET", "SEARCH_USER", "CRAWL_USER", "MAIL_USER",
    "MEDIA_USER", "SETTINGS_FILE"};

/* The headings of the man page and of the settings file, each above the setting that it names. */
static const struct {
	const char *first, *title;
} headings[] = {
    {"APP_ENV", "Environment and listening"},
    {"WORKERS", "Workers and their limits"},
    {"OPENAI_API_KEY", "The model"},
    {"OPENAI_CA_BUNDLE", "The way to the model server"},
    {"MODEL_SERVERS", "Further model servers"},
    {"EMBEDDING_MODEL", "Embeddings"},
    {"SYSTEM_PROMPT", "What the model receives"},
    {"WIDGET_API_KEY", "Keys and logins"},
    {"CORS_ORIGIN", "Requests from browsers and proxies"},
    {"WEBHOOK_ALLOW", "Webhooks and tools"},
    {"WIDGET_BUNDLE_PATH", "Files and sockets"},
    {"SEARCH_COMPARE_MS", "Search"},
    {"CRAWL_ALLOW", "Reading sites"},
    {"MAIL_URL", "Mails"},
    {"STORE_LOG", "Several machines"},
    {"STORE_MAX_BYTES", "The store"},
    {"OPERATOR_TIMEOUT_MS", "Conversations"},
    {"SETTINGS_FILE", "Processes and logs"},
};

/* The heading above a setting, or NULL. */
static const char *
settings_heading(const struct setting *d)
{
	for (size_t i = 0; i < ARRAY_LEN(headings); i++)
		if (strcmp(headings[i].first, d->name) == 0)
			return headings[i].title;
	return NULL;
}

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

static void
settings_print_mdoc_item(FILE *out, const struct setting *d)
{
	fprintf(out, ".It Ev %s", d->name);
	if (d->alias != NULL)
		fprintf(out, " Pq or Ev %s", d->alias);
	fputc('\n', out);
	settings_print_mdoc_text(out, d->help);
	fputs(".\n", out);
	if (d->parse == setting_parse_COUNT || d->parse == setting_parse_BYTES)
		fprintf(out, "A number from %" PRIu64 " to %" PRIu64 ".\n", d->min, d->max);
	if (d->secret)
		fputs("A secret.\n", out);
	if (d->fallback != NULL) {
		fputs("Default:\n\\(lq", out);
		settings_print_mdoc_text(out, d->fallback);
		fputs("\\(rq.\n", out);
	}
}

void
settings_print_mdoc(FILE *out)
{
	size_t n;
	const struct setting *d = settings_table(&n), *first = d;

	for (; n > 0; n--, d++) {
		const char *heading = settings_heading(d);

		if (heading != NULL)
			fprintf(out, "%s.Ss %s\n.Bl -tag -width Ds\n",
			    d == first ? "" : ".El\n", heading);
		settings_print_mdoc_item(out, d);
	}
	fputs(".El\n", out);
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
		const char *heading = settings_heading(d);

		if (heading != NULL)
			fprintf(out, "# ---- %s ----\n\n", heading);
		if (d->secret || settings_set_by_units(d->name))
			continue;
		settings_print_env_comment(out, d->help);
		fprintf(out, "#%s=%s\n\n", d->name, d->fallback == NULL ? "" : d->fallback);
	}
}
