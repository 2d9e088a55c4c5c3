/*
 * Who signs in, by jansson.
 */
#include "workerd/api/admin/login_body.h"

#include <jansson.h>

#include "proto/base/email.h"

/* A member that is a text, or else an empty slice. */
static struct slice
text_member(const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);

	if (!json_is_string(value))
		return (struct slice){0};
	return (struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)};
}

const char *
login_body_read(struct slice text, struct login_body *body)
{
	const json_t *email;

	body->json = json_loadb(
	    (const char *)text.p, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	body->email = text_member(body->json, "email");
	body->password = text_member(body->json, "password");
	if (body->password.len == 0)
		return "Password is required";
	email = json_object_get(body->json, "email");
	if (email != NULL && !json_is_null(email) && !email_valid(body->email))
		return "Invalid email";
	return NULL;
}

void
login_body_clear(struct login_body *body)
{
	json_decref(body->json);
	*body = (struct login_body){0};
}
