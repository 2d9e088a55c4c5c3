/*
 * A value is checked by computing the one that its id must have.
 */
#include "workerd/api/guard/known_browser.h"

#include <string.h>

#include "workerd/api/guard/session.h"

/* Sets the MACs of these cookies apart from all others under the secret. */
static const uint8_t purpose[] = {'k', 'n', 'o', 'w', 'n'};

void
known_browser_format(const struct hash256 *secret, const struct hash256 *account,
    const struct id *browser, char out[KNOWN_BROWSER_TEXT + 1])
{
	uint8_t data[sizeof(purpose) + sizeof(account->b) + sizeof(browser->b)];
	struct hash256 mac;

	memcpy(data, purpose, sizeof(purpose));
	memcpy(data + sizeof(purpose), account->b, sizeof(account->b));
	memcpy(data + sizeof(purpose) + sizeof(account->b), browser->b, sizeof(browser->b));
	mac = secret_mac(
	    (struct slice){secret->b, sizeof(secret->b)}, (struct slice){data, sizeof(data)});
	id_format(browser, out);
	out[ID_TEXT_LEN] = '.';
	hash_format(&mac, out + ID_TEXT_LEN + 1);
}

/* The id of a browser whose cookie has this value, if it is one of this account. */
static bool
known_browser_check(const struct hash256 *secret, const struct hash256 *account,
    struct slice value, struct id *browser)
{
	char right[KNOWN_BROWSER_TEXT + 1];

	if (value.len != KNOWN_BROWSER_TEXT ||
	    id_parse((struct slice){value.p, ID_TEXT_LEN}, browser) == -1)
		return false;
	known_browser_format(secret, account, browser, right);
	return secret_equal(value, slice_str(right));
}

static bool
known_browser_is_recent(const struct id *browser, uint64_t now_ms)
{
	return id_ms(browser) + KNOWN_BROWSER_SECONDS * 1000ull > now_ms;
}

bool
known_browser_find(const struct http_request *req, bool secure, const struct hash256 *secret,
    const struct hash256 *account, uint64_t now_ms, struct id *browser)
{
	const char *name = secure ? KNOWN_BROWSER_COOKIE_SECURE : KNOWN_BROWSER_COOKIE;
	struct slice value;

	for (size_t n = 0; (value = session_cookie(req, name, n)).len > 0; n++)
		if (known_browser_check(secret, account, value, browser) &&
		    known_browser_is_recent(browser, now_ms))
			return true;
	return false;
}
