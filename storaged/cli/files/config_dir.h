/*
 * The settings directory of an installed banter (/etc/banter): banter.env, which the service
 * manager reads into the environment (EnvironmentFile=, systemd.exec(5)), and a file for each
 * secret in credentials/ (LoadCredential=). The functions print an error message before they return
 * an exit status.
 */
#ifndef STORAGED_CLI_FILES_CONFIG_DIR_H
#define STORAGED_CLI_FILES_CONFIG_DIR_H

#include <limits.h>
#include <stdbool.h>

/* The default is for builds; the Makefile defines it for an installation. */
#ifndef BANTER_CONFIG_DIR
#define BANTER_CONFIG_DIR "./config"
#endif

/* Bytes of a value or secret, at most. */
#define CONFIG_VALUE_MAX 4096

enum config_secret { CONFIG_EMPTY, CONFIG_RANDOM };

/* The path of a secret's file, or of banter.env if secret is NULL. 0, or EX_CONFIG if the path is
 * too long. */
[[gnu::warn_unused_result]] int config_dir_path(
    char path[PATH_MAX], const char *dir, const char *secret);

/* Creates the directory (0755) and credentials/ (0700) if they are missing. 0, or the exit status. */
[[gnu::warn_unused_result]] int config_dir_make(const char *dir);

/* Creates a secret's file (0600), random or empty, if it is missing; *made says whether it did. 0,
 * or the exit status. */
[[gnu::warn_unused_result]] int config_dir_make_secret(
    const char *dir, const char *name, enum config_secret how, bool *made);

/* Replaces a secret's file. 0, or the exit status. */
[[gnu::warn_unused_result]] int config_dir_write_secret(
    const char *dir, const char *name, const char *text);

/* Creates banter.env (0644) with all settings as comments, if it is missing. 0, or the exit status. */
[[gnu::warn_unused_result]] int config_dir_make_env(const char *dir, bool *made);

/* Whether banter.env can hold a value: without line breaks, quotes, backslashes and '#', which the service
 * manager interprets. */
bool config_dir_can_hold(const char *value);

/*
 * Sets NAME=value in banter.env: replaces the line that sets it, else the line that has it as a
 * comment, else appends it. The file can hold the value. 0, or the exit status.
 */
[[gnu::warn_unused_result]] int config_dir_set(
    const char *dir, const char *name, const char *value);

/* Loads banter.env into our environment and sets CREDENTIALS_DIRECTORY, as the service manager
 * would. 0, or the exit status. */
[[gnu::warn_unused_result]] int config_dir_use(const char *dir);

#endif
