/*
 * The members of a login.
 */
#include "workerd/api/accounts/login_body.h"

#include <jansson.h>

#include "proto/base/email.h"
#include "workerd/api/fields/json_read.h"

const char *
login_body_read(struct slice text, struct login_body *body)
{
	const json_t *email;

	body->json = json_read_object(text);
	body->email = json_read_member(body->json, "email");
	body->password = json_read_member(body->json, "password");
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
	json_read_free(body->json);
	*body = (struct login_body){0};
}
