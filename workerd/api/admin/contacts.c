/*
 * /v1/admin/contacts: visitors who submitted contact details. They cannot be created here. Two contacts that are
 * the same person can be merged.
 */
#include "proto/base/basics.h"
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/contact_erase.h"
#include "workerd/api/admin/contact_fields.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"

#define EMAIL_MAX  254 /* bytes, as in RECORD_LIST */
#define PHONE_MAX  64
#define SEARCH_MAX 254

static const struct store_refusal refusals[] = {
    {STORE_EXISTS, 409, "exists", "Another contact has this e-mail or this phone"},
    {STORE_BUSY, 409, "merging",
	"One of the contacts is being merged with another one: repeat that merge to finish it"},
    {.status = 0},
};

static const struct resource contacts = {
    .many = "contacts",
    .wrong_id = "Invalid contactId",
    .missing = "Contact not found",
    .refusals = refusals,
    .fields = contact_fields,
    .size = sizeof(struct msg_contact_record),
    .record = MSG_CONTACT_RECORD,
    .log_id = "id",
    .changed = "contact_changed",
    .deleted = "contact_deleted",
    .misfit = "email",
    .misfit_reason = REASON_EMAIL_LONG,
};

void
handle_contacts_get(const struct api_call *c)
{
	resource_get(c, &contacts);
}

void
handle_contacts_change(const struct api_call *c)
{
	resource_change(c, &contacts);
}

/* Keeps the contact's conversations, unless they are to go, too. */
void
handle_contacts_delete(const struct api_call *c)
{
	struct slice query = c->x->req->query;
	uint8_t text[PARAMETER_MAX];

	if (parameter_is(query, "conversations", "true"))
		contact_erase(c);
	else if (parameter_read(query, "conversations", text).p == NULL)
		resource_delete(c, &contacts);
	else
		api_reply_invalid_query(c, "conversations must be true, if it is given");
}

/* A filter parameter, if it is given. False: it is invalid. */
static bool
contacts_read_filter(struct slice query, const char *name, size_t max,
    uint8_t text[PARAMETER_MAX], struct slice *value)
{
	struct slice given = parameter_read(query, name, text);

	if (given.p == NULL)
		return true;
	*value = given;
	return given.len > 0 && given.len <= max;
}

void
handle_contacts_list(const struct api_call *c)
{
	struct slice query = c->x->req->query;
	uint8_t email[PARAMETER_MAX], phone[PARAMETER_MAX], search[PARAMETER_MAX];
	struct resource_filter filter = {0};

	if (!contacts_read_filter(query, "email", EMAIL_MAX, email, &filter.email))
		api_reply_invalid_query(
		    c, "email must be an e-mail address of at most 254 bytes");
	else if (!contacts_read_filter(query, "phone", PHONE_MAX, phone, &filter.phone))
		api_reply_invalid_query(c, "phone must be a phone number of at most 64 bytes");
	else if (!contacts_read_filter(query, "q", SEARCH_MAX, search, &filter.search))
		api_reply_invalid_query(c, "q must be a text of at most 254 bytes");
	else if (filter.search.len > 0 && (filter.email.len > 0 || filter.phone.len > 0))
		api_reply_invalid_query(c, "q and email or phone exclude each other");
	else
		resource_list(c, &contacts, &filter);
}

/* The body of a merge. */
struct contact_merging {
	struct id other;
};

static const struct field merge_fields[] = {
    {"contactId", &field_id, offsetof(struct contact_merging, other), FIELD_REQUIRED, 0, 0,
	NULL},
    {.name = NULL},
};

static void contacts_on_merged(void *arg, uint16_t type, const union msg *m);

static void
contacts_ask_merge(struct resource_query *r)
{
	const struct contact_merging *merging = r->object;
	struct msg_contact_merge merge = {
	    .org = r->q.org, .contact = r->id, .other = merging->other};

	store_query_ask(&r->q, MSG_CONTACT_MERGE, &merge, contacts_on_merged);
}

/* The conversations move in steps. */
static void
contacts_on_merged(void *arg, uint16_t type, const union msg *m)
{
	struct resource_query *r = arg;

	if (type == MSG_UNFINISHED)
		contacts_ask_merge(r);
	else
		resource_on_changed(r, type, m);
}

void
handle_contacts_merge(const struct api_call *c)
{
	struct contact_merging *merging;
	struct resource_query *r;
	struct fields in;

	if (!fields_body(c, &in))
		return;
	r = resource_query_new(c, &contacts);
	if (r == NULL) {
		fields_clear(&in);
		return;
	}
	r->in = in;
	r->object = merging = xcalloc(1, sizeof(*merging));
	fields_read(&r->in, merge_fields, true, merging);
	if (r->in.n_wrong == 0 && id_equal(&merging->other, &r->id))
		fields_refuse(&r->in, "contactId", REASON_OTHER_CONTACT);
	if (r->in.n_wrong > 0)
		resource_refuse(r);
	else
		contacts_ask_merge(r);
}
