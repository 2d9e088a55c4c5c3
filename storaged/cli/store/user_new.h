/*
 * A user who is to be made: by `banter user`, and the first one by `banter setup`.
 */
#ifndef STORAGED_CLI_STORE_USER_NEW_H
#define STORAGED_CLI_STORE_USER_NEW_H

#include "proto/base/password.h"
#include "storaged/cli/store/store_conn.h"

#define USER_GENERATED \
	20 /* characters of base62 in a password that is generated: some 119 bits */

struct user_new {
	struct id org;
	const char *email; /* borrowed, as the name is, which may be empty */
	struct slice name;
	enum user_role role;
	char password[PASSWORD_TEXT_SIZE]; /* hashed */
};

/* Whether it is an e-mail; 0, or EX_USAGE with the reason said. */
[[gnu::warn_unused_result]] int user_check_email(const char *email);

/* Asks for a new password, on a terminal twice, and hashes it. 0, or the exit status with the reason
 * said. */
[[gnu::warn_unused_result]] int user_ask_password(char hashed[PASSWORD_TEXT_SIZE]);

/* Makes a random password, and hashes it. 0, or the exit status with the reason said. */
[[gnu::warn_unused_result]] int user_generate_password(
    char password[USER_GENERATED + 1], char hashed[PASSWORD_TEXT_SIZE]);

/* Whether the organization has no user yet. 0, or the exit status with the reason said. */
[[gnu::warn_unused_result]] int user_is_first(
    struct store_conn *conn, const struct id *org, bool *first);

/* Makes the user, and says so. 0, or the exit status with the reason said. */
[[gnu::warn_unused_result]] int user_make(struct store_conn *conn, const struct user_new *user);

#endif
