/*
 * New users and new passwords.
 */
#include "storaged/cli/store/user_new.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/interactive.h"

#define RECORD_BYTES 2048 /* of a user record, at most */

/* A line with its line break and NUL. */
#define PASSWORD_LINE (PASSWORD_MAX + 2)

int
user_check_email(const char *email)
{
	if (email_valid(slice_str(email)))
		return 0;
	return console_fail(EX_USAGE, "%s is not a valid e-mail address", email);
}

int
user_hash(const char *password, char hashed[PASSWORD_TEXT_SIZE])
{
	if (password_hash(slice_str(password), hashed) == 0)
		return 0;
	return console_fail(
	    EX_OSERR, "not enough memory to hash a password: 64 MiB are needed");
}

static char *
user_password_problem(const struct question *q, const char *password)
{
	const char *problem = password_problem(slice_str(password));
	char *text;

	(void)q;
	if (problem == NULL)
		return NULL;
	must(asprintf(&text, "the password %s", problem) != -1);
	return text;
}

/* Only on a terminal, to detect typing errors. */
static int
user_confirm_password(const char *password, bool *same)
{
	static const struct question q = {"Repeat the password.", .secret = true};
	char again[PASSWORD_LINE];
	int status = 0;

	*same = true;
	if (isatty(STDIN_FILENO) != 1)
		return 0;
	status = interactive_ask(&q, again, sizeof(again));
	*same = status != 0 || strcmp(password, again) == 0;
	explicit_bzero(again, sizeof(again));
	if (!*same)
		console_warn("the two passwords are different; enter both again");
	return status;
}

int
user_ask_password(char hashed[PASSWORD_TEXT_SIZE])
{
	static const struct question q = {"New password, at least 10 characters.",
	    .secret = true, .problem = user_password_problem};
	char password[PASSWORD_LINE];
	bool same = false;
	int status = 0;

	while (status == 0 && !same) {
		status = interactive_ask(&q, password, sizeof(password));
		if (status == 0)
			status = user_confirm_password(password, &same);
	}
	if (status == 0)
		status = user_hash(password, hashed);
	explicit_bzero(password, sizeof(password));
	return status;
}

int
user_generate_password(char password[USER_GENERATED + 1], char hashed[PASSWORD_TEXT_SIZE])
{
	secret_base62(password, USER_GENERATED);
	return user_hash(password, hashed);
}

int
user_is_first(struct store_conn *conn, const struct id *org, bool *first)
{
	struct msg_record_list ask = {.kind = MSG_USER_RECORD, .org = *org, .limit = 1};
	union msg m;
	int status = store_conn_request(conn, MSG_RECORD_LIST, &ask, MSG_RECORD_PAGE, &m);

	if (status == 0)
		*first = m.record_page.records.len == 0;
	return status;
}

int
user_make(struct store_conn *conn, const struct user_new *user)
{
	struct msg_user_record r = {
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = user->org,
	    .email = slice_str(user->email),
	    .name = user->name,
	    .role = (uint8_t)user->role,
	    .password = slice_str(user->password),
	};
	struct msg_record_put put = {.kind = MSG_USER_RECORD, .fresh = true};
	struct buf record;
	union msg m;
	int status;

	buf_init(&record, RECORD_BYTES);
	must(record_encode(&record, MSG_USER_RECORD, &r) == 0);
	put.record = buf_slice(&record);
	status = store_conn_request(conn, MSG_RECORD_PUT, &put, MSG_RECORD, &m);
	buf_clear(&record);
	return status;
}
