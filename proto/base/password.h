/*
 * Password hashes of users: scrypt (RFC 7914). The text contains its parameters and its own salt,
 * so that the parameters can be raised later and old texts stay valid:
 *
 *	$scrypt$ln=16,r=8,p=1$SALT$HASH		both in base64 without padding
 *
 * Hashing takes 64 MiB and a large part of a second, by design: a daemon does it on a separate
 * thread (workerd/api/accounts/password_hasher.h). All functions here are thread-safe.
 */
#ifndef PROTO_BASE_PASSWORD_H
#define PROTO_BASE_PASSWORD_H

#include "proto/base/buf.h"

/* Minimum length of a new password in characters (UTF-16 code units). Length is the only
 * requirement (NIST SP 800-63B, section 5.1.1.2). */
#define PASSWORD_NEW_MIN 10

/* Maximum length of any password in bytes. */
#define PASSWORD_MAX 1024

/* Size of the longest hash text, with its NUL. */
#define PASSWORD_TEXT_SIZE 192

enum password_verdict {
	PASSWORD_WRONG,
	PASSWORD_CORRECT,
	PASSWORD_ERROR,     /* the text is invalid, or memory is out */
	PASSWORD_UNCHECKED, /* of workerd's password hasher: its queue was full */
};

/* A hash that no password matches. Verifying against it when a user does not exist takes as long as
 * for a real user. */
extern const char password_dummy_hash[];

/* NULL if this is acceptable as a new password, else a message that says what is wrong with it. */
[[gnu::warn_unused_result]] const char *password_problem(struct slice password);

/* Hashes a password with a new random salt. 0, or -1 if memory is out. */
[[gnu::warn_unused_result]] int password_hash(
    struct slice password, char text[PASSWORD_TEXT_SIZE]);

/* Compares a password with a hash text in constant time. Refuses parameters that cost more than a
 * few times ours. */
[[gnu::warn_unused_result]] enum password_verdict password_verify(
    struct slice password, struct slice text);

#endif
