/*
 * /v1/admin/invitations: links by which people become users of an organization, each once. Only owners make them. A
 * link is shown once, when it is made: the store has only the hash of its token.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/fields/names.h"

#define VALID_MS   (7ull * 24 * 60 * 60 * 1000)
#define RECORD_MAX 1024
#define HOST_MAX   300
#define LINK_MAX   512

/* An invitation in memory. */
struct invitation {
	struct msg_invitation_record record;
	char token[SECRET_TOKEN_TEXT + 1]; /* of a new one */
};

#define AT(member) offsetof(struct invitation, record.member)

static const struct field invitation_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(org), FIELD_FIXED, 0, 0, NULL},
    {"role", &field_choice, AT(role), FIELD_REQUIRED, 0, 0, user_role_words},
    {"email", &field_email, AT(email), FIELD_NULLABLE, 1, 254, NULL},
    {"created_at", &field_time, AT(created_at), FIELD_FIXED, 0, 0, NULL},
    {"expires_at", &field_time, AT(expires_at), FIELD_FIXED, 0, 0, NULL},
    {"used_at", &field_moment, AT(used_at), FIELD_FIXED, 0, 0, NULL},
    {"user_id", &field_id, AT(user), FIELD_FIXED, 0, 0, NULL},
    {.name = NULL},
};

static const struct store_refusal refusals[] = {
    {STORE_LIMIT, 409, "limit_reached", "There are too many invitations: delete some"},
    {.status = 0},
};

static void
invitations_make(void *object, const struct id *id, const struct id *org)
{
	struct invitation *i = object;

	i->record = (struct msg_invitation_record){
	    .v = RECORD_VERSION,
	    .id = *id,
	    .org = *org,
	    .expires_at = clock_wall_ms() + VALID_MS,
	};
	secret_token(i->token);
	i->record.token = secret_hash(slice_str(i->token));
}

/* The page of the link is at the address by which the owner reached banter. */
static void
invitations_write_link(
    struct json_writer *j, const struct http_exchange *x, bool https, const char *token)
{
	struct slice host = x->req->host;
	struct buf link;

	if (host.len == 0 || host.len > HOST_MAX)
		host = slice_str("localhost");
	buf_init(&link, LINK_MAX);
	must(buf_append_str(&link, https ? "https://" : "http://") == 0 &&
	    buf_append(&link, host.p, host.len) == 0 && buf_append_str(&link, "/join/") == 0 &&
	    buf_append_str(&link, token) == 0);
	json_write_str(j, "token", slice_str(token));
	json_write_str(j, "link", buf_slice(&link));
	buf_clear(&link);
}

static void
invitations_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;
	struct invitation *made = r->object, stored;
	struct json_writer *j = &r->q.json;
	bool https = api_is_https(r->q.api, r->q.x);

	if (!resource_read(r->resource, r->q.api->settings, type, m, &stored)) {
		store_query_fail(&r->q, type, m);
		return;
	}
	resource_log(r, "invitation_created");
	json_write_open(j, NULL, '{');
	fields_write(j, invitation_fields, &stored);
	invitations_write_link(j, r->q.x, https, made->token);
	json_write_close(j, '}');
	explicit_bzero(made->token, sizeof(made->token));
	store_query_reply_status(&r->q, 201);
}

static void
invitations_store(struct resource_query *r)
{
	struct msg_record_put put = {.kind = MSG_INVITATION_RECORD, .fresh = 1};
	struct buf record;

	buf_init(&record, RECORD_MAX);
	must(record_encode(&record, MSG_INVITATION_RECORD, r->object) == 0);
	put.record = buf_slice(&record);
	store_query_ask(&r->q, MSG_RECORD_PUT, &put, invitations_on_stored);
	buf_clear(&record);
}

static const struct resource invitations = {
    .many = "invitations",
    .wrong_id = "Invalid invitationId",
    .missing = "Invitation not found",
    .refusals = refusals,
    .fields = invitation_fields,
    .size = sizeof(struct invitation),
    .record = MSG_INVITATION_RECORD,
    .log_id = "invitation",
    .created = "invitation_created",
    .deleted = "invitation_deleted",
    .make = invitations_make,
    .store = invitations_store,
};

RESOURCE_LIST_HANDLERS(invitations)

void
handle_invitations_delete(const struct api_call *c)
{
	resource_delete(c, &invitations);
}
