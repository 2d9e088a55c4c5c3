#include "workerd/api/widget/visitor_token.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/hex.h"
#include "proto/ipc/visitor.h"

/* Set the MACs of these tokens, and of ids, apart from each other and from all others under the secret. */
#define OF_TOKEN "visitor"
#define OF_ID    "visitor-id"

/* The MAC of the id and the random characters behind it. */
static struct hash256
visitor_token_mac(const struct hash256 *secret, const char *purpose,
    const struct visitor_token_place *place, const char *token)
{
	const size_t n = VISITOR_TOKEN_ID + VISITOR_TOKEN_RANDOM;
	uint8_t data[sizeof(OF_ID) + sizeof(place->widget.b) + sizeof(place->generation) +
	    VISITOR_TOKEN_ID + VISITOR_TOKEN_RANDOM];
	uint8_t *p = mempcpy(data, purpose, strlen(purpose));

	p = mempcpy(p, place->widget.b, sizeof(place->widget.b));
	for (size_t i = 0; i < sizeof(place->generation); i++)
		*p++ = (uint8_t)(place->generation >> 8 * i);
	p = mempcpy(p, token, n);
	return secret_mac((struct slice){secret->b, sizeof(secret->b)},
	    (struct slice){data, (size_t)(p - data)});
}

static void
visitor_token_sign(const struct hash256 *secret, const struct visitor_token_place *place,
    char token[VISITOR_TOKEN_TEXT + 1])
{
	const struct hash256 mac = visitor_token_mac(secret, OF_TOKEN, place, token);

	hex_write(
	    mac.b, VISITOR_TOKEN_MAC / 2, token + VISITOR_TOKEN_ID + VISITOR_TOKEN_RANDOM);
	token[VISITOR_TOKEN_TEXT] = '\0';
}

struct id
visitor_token_new(const struct hash256 *secret, const struct visitor_token_place *place,
    char out[VISITOR_TOKEN_TEXT + 1])
{
	const struct id id = id_new();

	hex_write(id.b, sizeof(id.b), out);
	secret_base62(out + VISITOR_TOKEN_ID, VISITOR_TOKEN_RANDOM);
	visitor_token_sign(secret, place, out);
	return id;
}

static bool
visitor_token_read_id(struct slice token, struct id *id)
{
	for (size_t i = 0; i < sizeof(id->b); i++) {
		int byte = hex_value2(token.p + 2 * i);

		if (byte == -1)
			return false;
		id->b[i] = (uint8_t)byte;
	}
	return true;
}

enum visitor_token_state
visitor_token_check(const struct hash256 *secret, const struct visitor_token_place *place,
    uint64_t now, struct slice token, struct id *id)
{
	char right[VISITOR_TOKEN_TEXT + 1];

	if (token.len != VISITOR_TOKEN_TEXT || !visitor_token_read_id(token, id))
		return VISITOR_TOKEN_INVALID;
	memcpy(right, token.p, VISITOR_TOKEN_ID + VISITOR_TOKEN_RANDOM);
	visitor_token_sign(secret, place, right);
	if (!secret_equal(token, slice_str(right)))
		return VISITOR_TOKEN_INVALID;
	return visitor_is_young(id, now) ? VISITOR_TOKEN_YOUNG : VISITOR_TOKEN_OLD;
}

/* Whole days after the time of the old id, so that every old token of the visitor leads to the same time. */
static uint64_t
visitor_token_next_ms(const struct id *old, uint64_t now)
{
	const uint64_t came = id_ms(old);

	if (now >= came)
		return now - (now - came) % CLOCK_DAY_MS;
	return now - (CLOCK_DAY_MS - (came - now) % CLOCK_DAY_MS) % CLOCK_DAY_MS;
}

struct id
visitor_token_next(const struct hash256 *secret, const struct visitor_token_place *place,
    uint64_t now, struct slice old, char out[VISITOR_TOKEN_TEXT + 1])
{
	struct id id = {0};
	struct hash256 mac;
	uint64_t ms;

	must(old.len == VISITOR_TOKEN_TEXT && visitor_token_read_id(old, &id));
	ms = visitor_token_next_ms(&id, now);
	id = (struct id){0};
	for (int i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
	memcpy(out, old.p, VISITOR_TOKEN_ID + VISITOR_TOKEN_RANDOM);
	hex_write(id.b, sizeof(id.b), out);
	mac = visitor_token_mac(secret, OF_ID, place, out);
	memcpy(id.b + 6, mac.b, sizeof(id.b) - 6);
	id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	hex_write(id.b, sizeof(id.b), out);
	visitor_token_sign(secret, place, out);
	return id;
}
