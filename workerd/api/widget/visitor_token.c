#include "workerd/api/widget/visitor_token.h"

#include <string.h>

#include "proto/base/hex.h"
#include "proto/ipc/visitor.h"

/* Sets the MACs of these tokens apart from all others under the secret. */
static const uint8_t purpose[] = {'v', 'i', 's', 'i', 't', 'o', 'r'};

static void
visitor_token_write_hex(const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 0xf];
	}
}

/* Writes the MAC of the id and the random characters behind them. */
static void
visitor_token_sign(const struct hash256 *secret, const struct visitor_token_place *place,
    char token[VISITOR_TOKEN_TEXT + 1])
{
	const size_t n = VISITOR_TOKEN_ID + VISITOR_TOKEN_RANDOM;
	uint8_t data[sizeof(purpose) + sizeof(place->widget.b) + sizeof(place->generation) +
	    VISITOR_TOKEN_ID + VISITOR_TOKEN_RANDOM];
	uint8_t *p = data;
	struct hash256 mac;

	memcpy(p, purpose, sizeof(purpose));
	p += sizeof(purpose);
	memcpy(p, place->widget.b, sizeof(place->widget.b));
	p += sizeof(place->widget.b);
	for (size_t i = 0; i < sizeof(place->generation); i++)
		*p++ = (uint8_t)(place->generation >> 8 * i);
	memcpy(p, token, n);
	mac = secret_mac(
	    (struct slice){secret->b, sizeof(secret->b)}, (struct slice){data, sizeof(data)});
	visitor_token_write_hex(mac.b, VISITOR_TOKEN_MAC / 2, token + n);
	token[VISITOR_TOKEN_TEXT] = '\0';
}

struct id
visitor_token_new(const struct hash256 *secret, const struct visitor_token_place *place,
    char out[VISITOR_TOKEN_TEXT + 1])
{
	const struct id id = id_new();

	visitor_token_write_hex(id.b, sizeof(id.b), out);
	secret_base62(out + VISITOR_TOKEN_ID, VISITOR_TOKEN_RANDOM);
	visitor_token_sign(secret, place, out);
	return id;
}

static bool
visitor_token_read_id(struct slice token, struct id *id)
{
	for (size_t i = 0; i < sizeof(id->b); i++) {
		int high = hex_value(token.p[2 * i]), low = hex_value(token.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		id->b[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool
visitor_token_is_valid(const struct hash256 *secret, const struct visitor_token_place *place,
    uint64_t now, struct slice token, struct id *id)
{
	char right[VISITOR_TOKEN_TEXT + 1];

	if (token.len != VISITOR_TOKEN_TEXT || !visitor_token_read_id(token, id))
		return false;
	memcpy(right, token.p, VISITOR_TOKEN_ID + VISITOR_TOKEN_RANDOM);
	visitor_token_sign(secret, place, right);
	return secret_equal(token, slice_str(right)) && visitor_is_young(id, now);
}
