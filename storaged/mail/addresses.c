#include "storaged/mail/addresses.h"

#include "storaged/identities/match_keys.h"

struct hash256
address_hash(struct slice email)
{
	uint8_t folded[FOLDED_MAX];
	size_t len;

	if (email.len > EMAIL_MAX || match_fold_email(email, folded, &len) != 0)
		return (struct hash256){0};
	return secret_hash((struct slice){folded, len});
}

int
address_get(struct txn *t, const struct id *org, const struct hash256 *address,
    struct msg_address_record *r)
{
	const struct key key = key_address(org, address);
	int rc = txn_get_record(t, TABLE_ADDRESSES, &key, r);

	if (rc != 0)
		*r = (struct msg_address_record){
		    .v = RECORD_VERSION, .org = *org, .address = *address};
	return txn_survives(rc) ? 0 : rc;
}

int
address_put(struct txn *t, const struct msg_address_record *r)
{
	const struct key key = key_address(&r->org, &r->address);

	return txn_put_record(t, TABLE_ADDRESSES, &key, r);
}

int
address_remove(struct txn *t, const struct id *org, const struct hash256 *address)
{
	const struct key key = key_address(org, address);

	return hash_is_zero(address) ? 0 : txn_del(t, TABLE_ADDRESSES, &key);
}

static uint64_t
address_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

int
address_import(struct txn *t, struct call *c, const struct msg_address_record *r)
{
	struct msg_address_record new = *r, there;
	int rc;

	if (r->v != RECORD_VERSION || id_is_zero(&r->org) || hash_is_zero(&r->address))
		return call_refuse(
		    c, STORE_INVALID, "an address needs an organization and a hash");
	rc = address_get(t, &r->org, &r->address, &there);
	if (rc != 0)
		return rc;
	new.proved_at = address_later(r->proved_at, there.proved_at);
	new.stopped_at = address_later(r->stopped_at, there.stopped_at);
	new.mailed_at = address_later(r->mailed_at, there.mailed_at);
	if (there.failed_at > r->failed_at) {
		new.failed_at = there.failed_at;
		new.error = there.error;
	}
	rc = address_put(t, &new);
	if (rc == 0)
		call_ok(c);
	return rc;
}
