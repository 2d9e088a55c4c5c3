/*
 * Passwords of people, as the store keeps them: scrypt (RFC 7914), with its parameters and a salt of
 * its own in the text, so that the parameters may grow and old texts stay good:
 *
 *	$scrypt$ln=16,r=8,p=1$SALT$HASH		both in base64 without padding
 *
 * Hashing takes 64 MiB and a good part of a second, on purpose: a daemon does it on a thread of its
 * own (workerd/api/admin/password_hasher.h). Everything here may be called from any thread.
 */
#ifndef PROTO_BASE_PASSWORD_H
#define PROTO_BASE_PASSWORD_H

#include "proto/base/buf.h"

/* Of a new one, in characters (UTF-16 code units): length is what makes it strong, so nothing else is
 * asked of it (NIST SP 800-63B, section 5.1.1.2). */
#define PASSWORD_NEW_MIN 10

/* Of any, in bytes. */
#define PASSWORD_MAX 1024

/* The text of a hash with its NUL, of whatever parameters. */
#define PASSWORD_TEXT_SIZE 192

enum password_verdict {
	PASSWORD_WRONG,
	PASSWORD_CORRECT,
	PASSWORD_ERROR, /* the text is none of ours, or there was no memory */
};

/* Of a user whom there is not: no password is right, and to find that out takes as long as with a
 * true one. */
extern const char password_dummy_hash[];

/* NULL if it may be a new password, else a sentence that says what is wrong with it. */
[[gnu::warn_unused_result]] const char *password_problem(struct slice password);

/* Hashes a password with a fresh salt. 0, or -1 when there is no memory for it. */
[[gnu::warn_unused_result]] int password_hash(
    struct slice password, char text[PASSWORD_TEXT_SIZE]);

/* Whether it is the password of this text, compared in constant time. Parameters that would take more
 * than a few times what ours take are not tried. */
[[gnu::warn_unused_result]] enum password_verdict password_verify(
    struct slice password, struct slice text);

#endif
