/*
 * The directory of an installed banter's settings (/etc/banter): the file banter.env, which the
 * service manager reads into the environment (EnvironmentFile=, systemd.exec(5)), and below
 * credentials/ a file for each secret (LoadCredential=). Who asks for either says why when it fails.
 */
#ifndef STORAGED_CLI_FILES_CONFIG_DIR_H
#define STORAGED_CLI_FILES_CONFIG_DIR_H

#include <limits.h>
#include <stdbool.h>

/* Of an installed banter; the Makefile says so when it builds one. */
#ifndef BANTER_CONFIG_DIR
#define BANTER_CONFIG_DIR "./config"
#endif

/* The longest value or secret. */
#define CONFIG_VALUE_MAX 4096

enum config_secret { CONFIG_EMPTY, CONFIG_RANDOM };

/* A path within the directory: of a secret's file, or, with a NULL secret, of banter.env. Returns
 * the status of EX_CONFIG when that would be too long, with the reason said; else 0. */
[[gnu::warn_unused_result]] int config_dir_path(
    char path[PATH_MAX], const char *dir, const char *secret);

/* Makes the directory (0755) and credentials/ (0700), where they are missing. 0, or the exit
 * status. */
[[gnu::warn_unused_result]] int config_dir_make(const char *dir);

/* Makes a secret's file (0600), random or empty, if there is none; *made says whether it did. 0, or
 * the exit status. */
[[gnu::warn_unused_result]] int config_dir_make_secret(
    const char *dir, const char *name, enum config_secret how, bool *made);

/* Writes a secret's file in place of the one that is there. 0, or the exit status. */
[[gnu::warn_unused_result]] int config_dir_write_secret(
    const char *dir, const char *name, const char *text);

/* Makes banter.env (0644) with all settings as comments, if there is none. 0, or the exit status. */
[[gnu::warn_unused_result]] int config_dir_make_env(const char *dir, bool *made);

/*
 * Puts NAME=value into banter.env: where it stands, else in place of its comment, else at the end.
 * The value has no line break, quote, backslash or '#', which the service manager reads in its own
 * way. 0, or the exit status.
 */
[[gnu::warn_unused_result]] int config_dir_set(
    const char *dir, const char *name, const char *value);

/* Puts what banter.env says into our environment, and names the secrets' directory there, as the
 * service manager would. 0, or the exit status. */
[[gnu::warn_unused_result]] int config_dir_use(const char *dir);

#endif
