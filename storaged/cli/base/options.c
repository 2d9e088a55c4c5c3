/*
 * Command lines by getopt_long(3).
 */
#include "storaged/cli/base/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"

struct places {
	const char *data_dir, *socket;
	bool help, version;
};

/* Rows of the options of every command. The last ones have short names. */
enum { DATA_DIR, SOCKET, HELP, VERSION, COMMON };

/* The options of every command. */
static void
options_common_rows(struct option_row rows[COMMON + 1], struct places *places)
{
	rows[DATA_DIR] = (struct option_row){"data-dir", "DIR",
	    "the store's directory; default: DATA_DIR", .text = &places->data_dir};
	rows[SOCKET] = (struct option_row){"socket", "PATH",
	    "storaged's socket; default: STORE_SOCKET", .text = &places->socket};
	rows[HELP] =
	    (struct option_row){"help", NULL, "show this help, like -h", .flag = &places->help};
	rows[VERSION] = (struct option_row){
	    "version", NULL, "show the version, like -V", .flag = &places->version};
	rows[COMMON] = (struct option_row){0};
}

static void
options_print_rows(const struct option_row *rows)
{
	for (; rows->name != NULL; rows++) {
		char left[64];

		(void)snprintf(left, sizeof(left), "--%s%s%s", rows->name,
		    rows->value == NULL ? "" : " ", rows->value == NULL ? "" : rows->value);
		printf("  %-27s %s\n", left, rows->help);
	}
}

static void
options_print_help(const struct command *command, const struct option_row *own,
    const struct option_row *common, const char *about)
{
	printf("usage: banter %s [options]%s%s\n%s\nOptions:\n", command->name,
	    *command->operands == '\0' ? "" : " ", command->operands, about);
	options_print_rows(own);
	options_print_rows(common);
	printf(
	    "\nThe default directory is DATA_DIR of the environment, or " BANTER_DATA_DIR ".\n"
	    "Exit status: 0, or as in sysexits(3); see banter(1).\n");
}

static size_t
options_add_long_options(struct option *to, const struct option_row *rows)
{
	size_t n = 0;

	for (; rows[n].name != NULL; n++)
		to[n] = (struct option){rows[n].name,
		    rows[n].value == NULL ? no_argument : required_argument, NULL, 0};
	return n;
}

static void
options_set(const struct option_row *row)
{
	if (row->flag != NULL)
		*row->flag = true;
	else
		*row->text = optarg;
}

/* 0, or EX_USAGE. */
static int
options_parse(
    struct invocation *inv, const struct option_row *own, const struct option_row *common)
{
	struct option all[OPTIONS_MAX + COMMON + 1] = {0};
	const char *name = inv->command->name;
	size_t n = options_add_long_options(all, own);
	int index, c;

	must(n <= OPTIONS_MAX);
	options_add_long_options(all + n, common);
	optind = 1;
	while ((c = getopt_long(inv->argc, inv->argv, ":hV", all, &index)) != -1) {
		if (c == ':')
			return console_fail(EX_USAGE, "%s needs a value; see banter %s --help",
			    inv->argv[optind - 1], name);
		if (c == 'h' || c == 'V') {
			options_set(&common[c == 'h' ? HELP : VERSION]);
			continue;
		}
		if (c != 0)
			return console_fail(EX_USAGE,
			    "%s is not an option of banter %s; see its --help",
			    inv->argv[optind - 1], name);
		options_set((size_t)index < n ? &own[index] : &common[(size_t)index - n]);
	}
	return 0;
}

/* The number of operands that a command takes; needed: of required ones. */
static int
options_count_operands(const char *operands, bool needed)
{
	int n = 0;

	for (const char *at = operands; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
		n += !needed || *at != '[';
	return n;
}

/* Reads the arguments after the options. */
static int
options_read_operands(struct invocation *inv)
{
	const struct command *command = inv->command;
	char **left = inv->argv + optind;
	int n = inv->argc - optind;

	if (n > options_count_operands(command->operands, false) &&
	    strstr(command->operands, "...") == NULL)
		return console_fail(EX_USAGE, "unexpected argument %s; see banter %s --help",
		    inv->argv[inv->argc - 1], command->name);
	if (n < options_count_operands(command->operands, true))
		return console_fail(EX_USAGE, "missing %s; see banter %s --help",
		    command->operands, command->name);
	inv->operands = left;
	inv->operand = n < 1 ? NULL : left[0];
	inv->second = n < 2 ? NULL : left[1];
	return 0;
}

/* Puts the options into the environment, so that the rules for settings hold for them too. With
 * --data-dir, the STORE_SOCKET of the environment belongs to another store. */
static void
options_load_settings(struct invocation *inv, const struct places *places)
{
	if (places->data_dir != NULL) {
		must(setenv("DATA_DIR", places->data_dir, 1) == 0);
		must(unsetenv("STORE_SOCKET") == 0);
	}
	if (places->socket != NULL)
		must(setenv("STORE_SOCKET", places->socket, 1) == 0);
	settings_load_or_exit(&inv->settings, OWNER_TOOL);
}

bool
options_read(
    struct invocation *inv, const struct option_row *rows, const char *about, int *status)
{
	struct option_row common[COMMON + 1];
	struct places places = {0};

	options_common_rows(common, &places);
	*status = options_parse(inv, rows, common);
	if (*status != 0)
		return false;
	if (places.help) {
		options_print_help(inv->command, rows, common, about);
		return false;
	}
	if (places.version) {
		printf("banter %s\n", BANTER_VERSION);
		return false;
	}
	*status = options_read_operands(inv);
	if (*status != 0)
		return false;
	options_load_settings(inv, &places);
	return true;
}
