/*
 * The settings: read once at start from the environment, checked all together.
 *
 * settings.def is the table. Every problem is reported at once, each with its name, its value
 * (secrets masked) and what would be valid; then the process exits 78 (EX_CONFIG, sysexits(3)).
 * The struct lives as long as the process; its strings are its own.
 */
#ifndef PROTO_SETTINGS_SETTINGS_H
#define PROTO_SETTINGS_SETTINGS_H

#include <stdio.h>

#include "proto/settings/setting_values.h"

/* Where an installed banter keeps its store; the Makefile says so when it builds one. */
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
	OWNER_ALL = 7,
	OWNER_TOOL = 8, /* the banter command */
};

/*
 * Reads and checks the settings of these owners (masterd asks for its own and its workers', so
 * that a worker never starts with settings that it would refuse). Writes one line for each
 * problem to problems and each warning to warnings; returns the number of problems. An empty value
 * counts as unset.
 */
[[gnu::warn_unused_result]] size_t settings_load(
    struct settings *s, unsigned owners, FILE *problems, FILE *warnings);

/* Frees what the settings hold. */
void settings_clear(struct settings *s);

/* Prints warnings, and n problems; exits EX_CONFIG if there are any. */
void settings_report(size_t n, const char *problems, const char *warnings);

/* What every daemon does first: loads, and tells what was found. A worker leaves the warnings to
 * masterd, which has checked the same settings. */
void settings_load_or_exit(struct settings *s, unsigned owners);

struct setting;

/* All n entries of settings.def (setting_kinds.h). */
const struct setting *settings_table(size_t *n);

/* Prints the table for a person: NAME, default, help, for the owners given. */
void settings_print_help(FILE *out, unsigned owners);

/* Prints the whole table as Markdown: what stands in the README. */
void settings_print_markdown(FILE *out);

/* The same as items of an mdoc(7) list: what stands in banter.env(5). */
void settings_print_mdoc(FILE *out);

/* The same as a file of settings to be filled in, each with its default, and all of them comments:
 * without secrets, which have files of their own, and without what the units set. */
void settings_print_env(FILE *out);

#endif
