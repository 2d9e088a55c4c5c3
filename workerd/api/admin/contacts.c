/*
 * /v1/admin/contacts: visitors who submitted contact details. They cannot be created here.
 */
#include "workerd/api/admin/admin_handlers.h"
#include "workerd/api/admin/contact_fields.h"
#include "workerd/api/admin/resource.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"

#define EMAIL_MAX 254 /* bytes, as in RECORD_LIST */
#define PHONE_MAX 64

static const struct store_refusal refusals[] = {
    {STORE_EXISTS, 409, "exists", "Another contact has this e-mail or this phone"},
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
    .misfit_sentence = fields_email_unfit,
};

RESOURCE_ITEM_HANDLERS(contacts)

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
	uint8_t email[PARAMETER_MAX], phone[PARAMETER_MAX];
	struct resource_filter filter = {0};

	if (!contacts_read_filter(query, "email", EMAIL_MAX, email, &filter.email))
		api_reply_invalid_query(
		    c, "email must be an e-mail address of at most 254 bytes");
	else if (!contacts_read_filter(query, "phone", PHONE_MAX, phone, &filter.phone))
		api_reply_invalid_query(c, "phone must be a phone number of at most 64 bytes");
	else
		resource_list(c, &contacts, &filter);
}
