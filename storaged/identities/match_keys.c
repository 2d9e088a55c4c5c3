/*
 * libunistring folds e-mails. ASCII e-mails, which are the most, are folded without it.
 */
#include "storaged/identities/match_keys.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>

#include "proto/base/basics.h"

static bool
match_is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

static void
match_lower_ascii(struct slice s, uint8_t *out)
{
	for (size_t i = 0; i < s.len; i++)
		out[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i];
}

/* A result that is too long for out comes in allocated memory (libunistring, "Conventions"). */
static int
match_fold(struct slice text, uint8_t *out, size_t size, size_t *len)
{
	uint8_t *folded;

	*len = size;
	folded = u8_casefold(text.p, text.len, NULL, UNINORM_NFC, out, len);
	if (folded == out)
		return 0;
	free(folded);
	return -1;
}

int
match_fold_text(struct slice text, uint8_t *out, size_t size, size_t *len)
{
	if (!match_is_ascii(text))
		return match_fold(text, out, size, len);
	if (text.len > size)
		return -1;
	match_lower_ascii(text, out);
	*len = text.len;
	return 0;
}

int
match_fold_email(struct slice email, uint8_t out[FOLDED_MAX], size_t *len)
{
	must(email.len <= EMAIL_MAX);
	return email.len == 0 ? -1 : match_fold_text(email, out, FOLDED_MAX, len);
}

int
match_phone_digits(struct slice phone, uint8_t out[PHONE_MAX], size_t *len)
{
	size_t n = 0, digits = 0;

	must(phone.len <= PHONE_MAX);
	for (size_t i = 0; i < phone.len; i++) {
		uint8_t c = phone.p[i];

		if (c >= '0' && c <= '9')
			digits++;
		else if (c != '+' || n > 0)
			continue;
		out[n++] = c;
	}
	*len = n;
	return digits > 0 ? 0 : -1;
}
