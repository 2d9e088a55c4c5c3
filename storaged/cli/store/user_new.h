/*
 * New users and passwords, for `banter user` and `banter setup`.
 */
#ifndef STORAGED_CLI_STORE_USER_NEW_H
#define STORAGED_CLI_STORE_USER_NEW_H

#include "proto/base/password.h"
#include "storaged/cli/store/store_conn.h"

#define USER_GENERATED 20 /* base62 characters of a generated password: about 119 bits */

struct user_new {
	struct id org;
	const char *email; /* borrowed, like name, which may be empty */
	struct slice name;
	enum user_role role;
	char password[PASSWORD_TEXT_SIZE]; /* hashed */
};

/* Checks the e-mail address. 0, or EX_USAGE after an error message. */
[[gnu::warn_unused_result]] int user_check_email(const char *email);

/* Asks for a new password until it is valid, on a terminal twice, and hashes it. 0, or the exit status
 * after an error message. */
[[gnu::warn_unused_result]] int user_ask_password(char hashed[PASSWORD_TEXT_SIZE]);

/* Hashes a valid password. 0, or EX_OSERR after an error message if memory is out. */
[[gnu::warn_unused_result]] int user_hash(
    const char *password, char hashed[PASSWORD_TEXT_SIZE]);

/* Generates a random password and hashes it. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int user_generate_password(
    char password[USER_GENERATED + 1], char hashed[PASSWORD_TEXT_SIZE]);

/* Whether the organization has no user yet. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int user_is_first(
    struct store_conn *conn, const struct id *org, bool *first);

/* Creates the user. 0, or the exit status after an error message. */
[[gnu::warn_unused_result]] int user_make(struct store_conn *conn, const struct user_new *user);

#endif
