/*
 * The settings: read once at start from the environment, checked all together.
 *
 * settings.def is the table. Every problem is reported at once, each with its name, its value
 * (secrets masked) and what would be valid; then the process exits 78 (EX_CONFIG, sysexits(3)).
 * The struct lives as long as the process; its strings are its own.
 */
#ifndef PROTO_SETTINGS_SETTINGS_H
#define PROTO_SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "proto/base/buf.h"
#include "proto/base/log.h"
#include "proto/base/network.h"

/* Where an installed banter keeps its store; the Makefile says so when it builds one. */
#ifndef BANTER_DATA_DIR
#define BANTER_DATA_DIR "./data"
#endif

enum app_env { APP_ENV_DEVELOPMENT, APP_ENV_PRODUCTION, APP_ENV_TEST };

#define SETTINGS_LISTEN_MAX  16
#define SETTINGS_ORIGINS_MAX 64
#define SETTINGS_NAMED_MAX   16

#define MODEL_SERVER_NAME_MAX 64 /* characters, each of a-z, 0-9, - and _ */

struct listen_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* No addresses: unset. */
struct listen_list {
	size_t n;
	struct listen_address at[SETTINGS_LISTEN_MAX];
};

/* Origins as written: lower-case scheme and host, no default port (RFC 6454, section 6.2). */
struct origin_list {
	bool any; /* "*" */
	size_t n;
	char *at[SETTINGS_ORIGINS_MAX];
};

/* Values by name; no name is there twice. */
struct named_list {
	size_t n;
	struct named_value {
		char *name, *value;
	} at[SETTINGS_NAMED_MAX];
};

/* A number with three digits behind its point. */
struct setting_decimal {
	bool given;
	uint32_t thousandths;
};

typedef uint32_t setting_c_COUNT; /* 0: unset */
typedef struct setting_decimal setting_c_DECIMAL;
typedef uint64_t setting_c_BYTES;
typedef char *setting_c_TEXT; /* NULL: unset */
typedef char *setting_c_URL;
typedef char *setting_c_PROXY;
typedef char *setting_c_PATH;
typedef char *setting_c_FILE;
typedef enum app_env setting_c_ENV;
typedef enum log_level setting_c_LEVEL;
typedef struct origin_list setting_c_ORIGINS;
typedef struct listen_list setting_c_LISTEN;
typedef struct network_list setting_c_NETWORKS;
typedef struct named_list setting_c_SERVERS; /* URLs, without a slash at the end */
typedef struct named_list setting_c_SECRETS;

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
void settings_tell(size_t n, const char *problems, const char *warnings);

/* What every daemon does first: loads, and tells what was found. A worker leaves the warnings to
 * masterd, which has checked the same settings. */
void settings_load_or_exit(struct settings *s, unsigned owners);

/* One origin (scheme://host, perhaps :port) in the form that a browser sends it (RFC 6454, section
 * 6.2): lower case, without the scheme's default port. The result is the caller's to free; NULL for
 * what is no origin. */
char *origin_normal(const char *text);

/* Whether a browser's Origin header value is one of the list, compared exactly (the serialized
 * form of RFC 6454 has one spelling; another case or port is another origin). */
bool origin_list_has(const struct origin_list *list, struct slice origin);

/* The value of this name, or NULL. */
const char *named_list_find(const struct named_list *list, struct slice name);

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
