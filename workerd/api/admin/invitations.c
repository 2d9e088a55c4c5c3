/*
 * /v1/admin/invitations: links by which people become users of an organization, each once. Only owners make them. A
 * link is shown once, when it is made: the store has only the hash of its token. If the owner wants, it is also sent by mail:
 * the store stores the mail with the invitation, and maild sends it.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/fields/names.h"
#include "workerd/api/request/mail_reader.h"

#define VALID_MS   (7ull * 24 * 60 * 60 * 1000)
#define RECORD_MAX 1024
#define HOST_MAX   300
#define LINK_MAX   512
#define PERSON_MAX 300 /* messages.def */
#define MAIL_MAX   4096

/* An invitation in memory. */
struct invitation {
	struct msg_invitation_record record;
	uint8_t send_mail;
	/* Of a new one: */
	char token[SECRET_TOKEN_TEXT + 1];
	char person[PERSON_MAX + 1]; /* who invites; "": not by name */
	char language[MAIL_LANGUAGE_SIZE];
};

#define AT(member) offsetof(struct invitation, record.member)

static const char *const mail_states[] = {"none", "waiting", "sent", "failed", NULL};

static const struct field invitation_fields[] = {
    {"id", &field_id, AT(id), FIELD_FIXED, 0, 0, NULL},
    {"organization_id", &field_id, AT(org), FIELD_FIXED, 0, 0, NULL},
    {"role", &field_choice, AT(role), FIELD_REQUIRED, 0, 0, user_role_words},
    {"email", &field_email, AT(email), FIELD_NULLABLE, 1, 254, NULL},
    {"send_mail", &field_flag, offsetof(struct invitation, send_mail), FIELD_OPTIONAL, 0, 1,
	NULL},
    {"mail", &field_choice, AT(mail), FIELD_FIXED, 0, 0, mail_states},
    {"mail_error", &field_line, AT(mail_error), FIELD_FIXED, 0, 256, NULL},
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

static void
invitations_show(void *object, const struct settings *settings)
{
	struct invitation *i = object;

	(void)settings;
	i->send_mail = i->record.mail != 0;
}

static void
invitations_begin_create(struct resource_query *r, const struct api_call *c)
{
	struct invitation *i = r->object;

	(void)!slice_copy_text(c->user_name, i->person, sizeof(i->person));
	mail_reader_language(c->x->req, i->language);
}

static void
invitations_check(struct fields *in, const void *object, const struct settings *settings)
{
	const struct invitation *i = object;

	if (!i->send_mail)
		return;
	if (i->record.email.len == 0)
		fields_refuse(in, "email", REASON_MAIL_ADDRESS);
	if (!mail_reader_is_reached(settings))
		fields_refuse(in, "send_mail", REASON_MAIL_NONE);
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
invitations_write_mail(struct buf *out, const struct invitation *i)
{
	const struct msg_mail_record mail = {
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = i->record.org,
	    .kind = MAIL_INVITATION,
	    .about = i->record.id,
	    .to = i->record.email,
	    .language = slice_str(i->language),
	    .person = slice_str(i->person),
	    .token = slice_str(i->token),
	};

	must(record_encode(out, MSG_MAIL_RECORD, &mail) == 0);
}

static void
invitations_store(struct resource_query *r)
{
	struct msg_record_put put = {.kind = MSG_INVITATION_RECORD, .fresh = 1};
	struct invitation *i = r->object;
	struct buf record, mail;

	buf_init(&record, RECORD_MAX);
	buf_init(&mail, MAIL_MAX);
	i->record.mail = i->send_mail ? 1 + MAIL_WAITING : 0;
	must(record_encode(&record, MSG_INVITATION_RECORD, i) == 0);
	if (i->send_mail)
		invitations_write_mail(&mail, i);
	put.record = buf_slice(&record);
	put.mail = buf_slice(&mail);
	store_query_ask(&r->q, MSG_RECORD_PUT, &put, invitations_on_stored);
	buf_clear(&record);
	buf_wipe(&mail);
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
    .show = invitations_show,
    .check = invitations_check,
    .make = invitations_make,
    .begin_create = invitations_begin_create,
    .store = invitations_store,
};

RESOURCE_LIST_HANDLERS(invitations)

void
handle_invitations_delete(const struct api_call *c)
{
	resource_delete(c, &invitations);
}
