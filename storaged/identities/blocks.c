/*
 * The keys of ranges have the network's bits and bytes, so that a walk over them reads no records.
 */
#include "storaged/identities/blocks.h"

#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/network.h"

enum { TARGET_SESSION = 's', TARGET_CONTACT = 'c', TARGET_RANGE = 'r' };

/* Where a key has the bits of a range; its address follows. */
#define RANGE_AT (sizeof(struct id) + 1)

static struct slice
block_id_slice(const struct id *id)
{
	return (struct slice){id->b, sizeof(id->b)};
}

static bool
block_key_of_range(const struct msg_block_record *block, struct key *key)
{
	struct network range;
	uint8_t bytes[1 + sizeof(range.address.b)];

	if (network_parse(block->target, &range) != NETWORK_OK ||
	    (range.address.len == 16 && range.bits > BLOCK_IPV6_BITS))
		return false;
	bytes[0] = (uint8_t)range.bits;
	memcpy(bytes + 1, range.address.b, range.address.len);
	*key =
	    key_block(&block->org, TARGET_RANGE, (struct slice){bytes, 1u + range.address.len});
	return true;
}

bool
block_key(const struct msg_block_record *block, struct key *key)
{
	struct id contact;

	switch (block->kind) {
	case BLOCK_SESSION:
		*key = key_block(&block->org, TARGET_SESSION, block->target);
		return block->target.len > 0;
	case BLOCK_CONTACT:
		if (id_parse(block->target, &contact) == -1)
			return false;
		*key = key_block(&block->org, TARGET_CONTACT, block_id_slice(&contact));
		return true;
	default:
		return block_key_of_range(block, key);
	}
}

int
blocks_some(struct txn *t, const struct id *org, bool *some)
{
	const struct key front = key_id(org);
	struct key first;
	int rc = txn_first(t, TABLE_BLOCKS_BY_TARGET, &front, &first);

	*some = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Refuses if the block with this id has not ended. `banter verify` reports a damaged one, which blocks nobody. */
static int
block_apply(struct txn *t, struct call *c, const struct id *org, struct slice value)
{
	struct msg_block_record block;
	struct key key;
	struct id id;
	int rc;

	if (!slice_copy(value, id.b, sizeof(id.b)) || value.len != sizeof(id.b))
		return 0;
	key = key_of_org(org, &id);
	rc = txn_get_record(t, TABLE_BLOCKS, &key, &block);
	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	if (block.until != 0 && block.until <= clock_wall_ms())
		return 0;
	return call_refuse(c, STORE_BLOCKED, "the visitor is blocked");
}

static int
blocks_refuse_target(
    struct txn *t, struct call *c, const struct id *org, char kind, struct slice target)
{
	const struct key key = key_block(org, kind, target);
	struct slice value;
	int rc = txn_get(t, TABLE_BLOCKS_BY_TARGET, &key, &value);

	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	return block_apply(t, c, org, value);
}

/* Whether the range of this key contains the address, of which as many bytes are known as a client has. */
static bool
block_range_has(struct slice key, struct slice network)
{
	const uint8_t *range = key.p + RANGE_AT;
	const size_t len = key.len - RANGE_AT - 1, bytes = range[0] / 8, rest = range[0] % 8;

	if ((len == 4) != (network.len == 4) || bytes + (rest > 0) > network.len)
		return false;
	if (memcmp(range + 1, network.p, bytes) != 0)
		return false;
	return rest == 0 || (range[1 + bytes] ^ network.p[bytes]) >> (8 - rest) == 0;
}

static int
blocks_refuse_ranges(struct txn *t, struct call *c, const struct block_query *query)
{
	const struct key front = key_block(&query->org, TARGET_RANGE, (struct slice){0});
	struct walk w;
	int rc = walk_open(&w, t, TABLE_BLOCKS_BY_TARGET, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0) {
		if (w.key.len > RANGE_AT + 1 && !w.damaged &&
		    block_range_has(w.key, query->network))
			rc = block_apply(t, c, &query->org, w.value);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
blocks_refuse(struct txn *t, struct call *c, const struct block_query *query)
{
	bool some;
	int rc = blocks_some(t, &query->org, &some);

	if (rc != 0 || !some)
		return rc;
	rc = blocks_refuse_target(t, c, &query->org, TARGET_SESSION, query->session);
	if (rc == 0 && !id_is_zero(&query->contact))
		rc = blocks_refuse_target(
		    t, c, &query->org, TARGET_CONTACT, block_id_slice(&query->contact));
	if (rc == 0 && query->network.len > 0)
		rc = blocks_refuse_ranges(t, c, query);
	return rc;
}
