/*
 * Reads identities, and checks their proofs.
 */
#include "workerd/api/identity/identity.h"

#include <jansson.h>
#include <stdio.h>

#include "proto/base/basics.h"
#include "workerd/api/fields/json_read.h"

const char identity_wrong[] = "identity must be an object with userId, a string of 1 to 128 "
			      "bytes, and hash, its HMAC-SHA256 in hexadecimal "
			      "digits; name, email and phone must be strings if they are given";

const char *
identity_read_details(const json_t *object, struct identity *identity)
{
	const struct {
		const char *key, *wrong;
		struct slice *value;
	} fields[] = {
	    {"name", "name must be a string", &identity->name},
	    {"email", "email must be a string", &identity->email},
	    {"phone", "phone must be a string", &identity->phone},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const json_t *value = json_object_get(object, fields[i].key);

		if (value != NULL && !json_is_null(value) && !json_is_string(value))
			return fields[i].wrong;
		*fields[i].value = json_read_string(value);
	}
	return NULL;
}

const char *
identity_read(const json_t *object, struct identity *identity)
{
	const json_t *hash = json_object_get(object, "hash");

	if (hash == NULL || json_is_null(hash))
		return identity_read_details(object, identity);
	identity->user_id = json_read_member(object, "userId");
	identity->hash = json_read_string(hash);
	if (identity->hash.p == NULL)
		return "hash must be a string";
	if (identity->user_id.len < 1 || identity->user_id.len > IDENTITY_USER_ID_MAX)
		return "userId must be a string of 1 to 128 bytes";
	return identity_read_details(object, identity);
}

const char *
identity_read_proved(const json_t *value, struct identity *identity)
{
	if (value == NULL || json_is_null(value))
		return NULL;
	if (!json_is_object(value) || identity_read(value, identity) != NULL ||
	    !identity_has_proof(identity))
		return identity_wrong;
	return NULL;
}

bool
identity_has_proof(const struct identity *identity)
{
	return identity->hash.len > 0 || identity->user_id.len > 0;
}

void
identity_text(const struct hash256 *hash, char text[IDENTITY_TEXT_SIZE])
{
	for (size_t i = 0; i < sizeof(hash->b); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", hash->b[i]);
}

bool
identity_is_proved(const struct msg_widget_record *widget, const struct identity *identity)
{
	char secret[IDENTITY_TEXT_SIZE], expected[IDENTITY_TEXT_SIZE];
	struct hash256 mac;

	if (hash_is_zero(&widget->identity_secret))
		return false;
	identity_text(&widget->identity_secret, secret);
	mac = secret_mac(slice_str(secret), identity->user_id);
	identity_text(&mac, expected);
	return secret_equal(slice_str(expected), identity->hash);
}
