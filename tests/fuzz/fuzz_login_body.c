/*
 * The body of a login request, from an untrusted client. An accepted one has a password, and a
 * valid e-mail or none; every valid e-mail belongs to one account, whatever the case of its
 * letters.
 */
#include "proto/base/email.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/api/accounts/login_body.h"

static size_t
count_of(struct slice s, uint8_t c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == c;
	return n;
}

static void
check_email(struct slice email)
{
	uint8_t lower[EMAIL_TEXT_MAX], again[EMAIL_TEXT_MAX];
	struct slice small;

	must(email.len >= 3 && email.len <= EMAIL_TEXT_MAX && utf8_valid(email));
	must(count_of(email, '@') == 1 && count_of(email, ' ') == 0 &&
	    count_of(email, '\0') == 0);
	must(slice_eq(utf8_trim(email), email));
	small = email_lower(email, lower);
	must(email_valid(small) && email_same(small, email));
	must(slice_eq(email_lower(small, again), small));
}

FUZZ(login_body)
{
	struct login_body body;
	const char *wrong = login_body_read(in, &body);

	if (wrong == NULL) {
		must(body.password.len > 0 && utf8_valid(body.password));
		if (body.email.len > 0)
			check_email(body.email);
	} else {
		must(*wrong != '\0');
	}
	login_body_clear(&body);
	if (email_valid(in))
		check_email(in);
}
