/*
 * Tags as records. Removing one first removes it from its conversations, some per request, and the tag itself
 * with the last one.
 */
#include "storaged/records/tags.h"

#include <stddef.h>

#include "storaged/conversations/label_drop.h"
#include "storaged/conversations/labels.h"

#define TAGS_OF_ORG_MAX 200 /* in an organization */

bool
tags_contain(struct slice tags, const struct id *tag)
{
	struct id id;

	while (labels_next_tag(&tags, &id))
		if (id_equal(&id, tag))
			return true;
	return false;
}

int
tags_exist(struct txn *t, const struct id *org, struct slice tags, bool *exist)
{
	struct msg_tag_record r;
	struct id tag;
	int rc = 0;

	*exist = true;
	while (rc == 0 && *exist && labels_next_tag(&tags, &tag)) {
		struct key key = key_of_org(org, &tag);

		*exist = !tags_contain(tags, &tag);
		rc = txn_get_record(t, TABLE_TAGS, &key, &r);
	}
	*exist = rc == 0 && *exist && tags.len == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
tag_check(struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	return record_check_name(
	    t, c, TABLE_TAGS, r, offsetof(struct msg_tag_record, name), clash);
}

static int
tag_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	struct key key = key_of_org(&r->org, &r->id);
	struct id org = r->org, tag = r->id;
	int rc = label_drop_some(t, &org, &tag, left);

	(void)c;
	return rc != 0 || *left ? rc : txn_del(t, TABLE_TAGS, &key);
}

const struct record_kind tag_kind = {
    .table = TABLE_TAGS,
    .change = CHANGE_TAG,
    .created_at = offsetof(struct msg_tag_record, created_at),
    .updated_at = offsetof(struct msg_tag_record, updated_at),
    .missing = "no such tag",
    .max = TAGS_OF_ORG_MAX,
    .too_many = "the organization has too many tags",
    .check = tag_check,
    .remove = tag_remove,
};
