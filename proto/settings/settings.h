/*
 * The settings: read once at start from the environment and checked together.
 *
 * settings.def is the table. All problems are reported at once, each with the setting's name, its
 * value (secrets masked) and what would be valid; then the process exits with 78 (EX_CONFIG,
 * sysexits(3)). The struct owns its strings and lives as long as the process.
 */
#ifndef PROTO_SETTINGS_SETTINGS_H
#define PROTO_SETTINGS_SETTINGS_H

#include <stdio.h>

#include "proto/settings/setting_values.h"

/* Where an installed banter keeps its store; the Makefile defines it for an installed build. */
#ifndef BANTER_DATA_DIR
#define BANTER_DATA_DIR "./data"
#endif

struct settings {
#define SETTING(NAME, alias, KIND, field, def, min, max, owners, secret, help) \
	setting_c_##KIND field;
#include "proto/settings/settings.def"
};

enum setting_owner {
	OWNER_MASTER = 1,
	OWNER_WORKER = 2,
	OWNER_STORE = 4,
	OWNER_TOOL = 8, /* the banter command */
	OWNER_SEARCH = 16,
	OWNER_CRAWL = 32,
	OWNER_MAIL = 64,
	OWNER_MEDIA = 128,
	OWNER_ALL = 247, /* the daemons */
};

struct setting;

enum settings_severity { SETTINGS_PROBLEM, SETTINGS_WARNING };

/* Receives one report. value: the text of the setting, which may be a secret; NULL: it is not set. rule: what
 * would be valid; it does not repeat the value. */
typedef void settings_report_fn(void *arg, enum settings_severity severity,
    const struct setting *setting, const char *value, const char *rule);

/* Reads and checks the settings of these owners. masterd checks its own and its workers', so that a
 * worker never starts with settings that it would refuse. Calls report for each problem and warning; returns
 * the number of problems. An empty value counts as unset. */
[[gnu::warn_unused_result]] size_t settings_read(
    struct settings *s, unsigned owners, settings_report_fn *report, void *arg);

/* The same; writes a line for each problem to problems and for each warning to warnings, without secrets. */
[[gnu::warn_unused_result]] size_t settings_load(
    struct settings *s, unsigned owners, FILE *problems, FILE *warnings);

/* A setting of this process. */
struct setting_shown {
	const char *name;
	const char *value;    /* as text; "": a secret, or it has no value */
	const char *fallback; /* the default as text; NULL: none */
	const char *help;
	bool secret;
	bool set; /* its value is not the default */
};

typedef void settings_show_fn(void *arg, const struct setting_shown *s);

/* Calls fn for each setting of these owners, as the environment of this process and its credentials have it now.
 * Passwords in URLs are masked. Credentials may be readable only at the start. */
void settings_show(unsigned owners, settings_show_fn *fn, void *arg);

/* Whether one setting is valid in the present environment, with all others. NULL: yes; else a text that
 * says what would be valid and does not repeat the value; the caller frees it. */
[[gnu::warn_unused_result]] char *settings_problem(const char *name, unsigned owners);

/* Frees the values. */
void settings_clear(struct settings *s);

/* Prints the warnings and n problems to standard error; exits with EX_CONFIG if n > 0. */
void settings_report(size_t n, const char *problems, const char *warnings);

/* Loads the settings and reports problems, at the start of a daemon. A worker does not print
 * warnings: masterd has checked the same settings. */
void settings_load_or_exit(struct settings *s, unsigned owners);

/* All n entries of settings.def (setting_kinds.h). */
const struct setting *settings_table(size_t *n);

/* Prints the table as help text: name, default, description, for these owners. */
void settings_print_help(FILE *out, unsigned owners);

/* Prints the whole table as subsections of a page in mdoc(7), for banter.env(5). */
void settings_print_mdoc(FILE *out);

/* Prints a settings file for editing: every setting as a comment with its default. Omits secrets,
 * which have their own files, and settings that the systemd units set. */
void settings_print_env(FILE *out);

#endif
