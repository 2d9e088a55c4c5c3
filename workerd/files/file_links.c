#include "workerd/files/file_links.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define PERIOD_MS (6 * CLOCK_HOUR_MS)

/* Characters of base64url of a MAC that are used: 192 bits. */
#define MAC_TEXT 32

/* Digits of the kinds at the front of a token. */
#define KINDS_TEXT 4

static struct hash256 secret;

void
file_link_use(const struct hash256 *of_store)
{
	secret = *of_store;
}

bool
file_link_is_known(void)
{
	return !hash_is_zero(&secret);
}

/* what: names the purpose, so that a MAC for one is none for another. */
static void
file_link_mac(const char *what, const struct id *file, uint64_t number, char out[MAC_TEXT + 1])
{
	char text[64 + ID_TEXT_LEN], id[ID_TEXT_LEN + 1], whole[SECRET_TOKEN_TEXT + 1];
	struct hash256 mac;

	id_format(file, id);
	(void)snprintf(text, sizeof(text), "%s %s %" PRIu64, what, id, number);
	mac = secret_mac((struct slice){secret.b, sizeof(secret.b)}, slice_str(text));
	hash_format(&mac, whole);
	memcpy(out, whole, MAC_TEXT);
	out[MAC_TEXT] = '\0';
}

bool
file_link_make(const struct id *file, uint64_t now, char out[FILE_LINK_SIZE])
{
	const uint64_t until = (now / PERIOD_MS + 2) * PERIOD_MS / 1000;
	char id[ID_TEXT_LEN + 1], mac[MAC_TEXT + 1];

	if (!file_link_is_known())
		return false;
	id_format(file, id);
	file_link_mac("file", file, until, mac);
	(void)snprintf(
	    out, FILE_LINK_SIZE, "/v1/files/%s?until=%" PRIu64 "&mac=%s", id, until, mac);
	return true;
}

/* A decimal number; 0: it is none. */
static uint64_t
file_link_number(struct slice s)
{
	uint64_t n = 0;

	if (s.len == 0 || s.len > 12)
		return 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		n = 10 * n + (s.p[i] - '0');
	}
	return n;
}

bool
file_link_check(
    const struct id *file, struct slice until, struct slice mac, uint64_t now, bool *expired)
{
	const uint64_t at = file_link_number(until);
	char right[MAC_TEXT + 1];

	file_link_mac("file", file, at, right);
	*expired = at * 1000 <= now;
	return file_link_is_known() && at > 0 && secret_equal(mac, slice_str(right));
}

void
file_token_make(const struct id *file, unsigned kinds, char out[FILE_TOKEN_SIZE])
{
	char mac[MAC_TEXT + 1];

	file_link_mac("upload", file, kinds, mac);
	(void)snprintf(out, FILE_TOKEN_SIZE, "%0*x%s", KINDS_TEXT, kinds, mac);
}

unsigned
file_token_check(const struct id *file, struct slice token)
{
	char right[FILE_TOKEN_SIZE];
	unsigned kinds = 0;

	if (!file_link_is_known() || token.len != KINDS_TEXT + MAC_TEXT)
		return 0;
	for (size_t i = 0; i < KINDS_TEXT; i++) {
		const char *digits = "0123456789abcdef", *at = strchr(digits, token.p[i]);

		if (at == NULL || token.p[i] == '\0')
			return 0;
		kinds = kinds << 4 | (unsigned)(at - digits);
	}
	file_token_make(file, kinds, right);
	return secret_equal(token, slice_str(right)) ? kinds : 0;
}
