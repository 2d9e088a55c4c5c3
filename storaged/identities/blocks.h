/*
 * Blocks: who may not write to an organization, until when. A block is for a session, for a contact, or for a range of
 * addresses; its record is one of the records of an organization, and the index by target finds it. What begins to write,
 * asks blocks_refuse(): a message (TURN_BEGIN), contact details (CONTACT_SUBMIT), a file (FILE_BEGIN). A block that has
 * ended stays in the list, without effect.
 */
#ifndef STORAGED_IDENTITIES_BLOCKS_H
#define STORAGED_IDENTITIES_BLOCKS_H

#include "storaged/request/call.h"

/* Bits of an IPv6 range, at most: a client is known by its /64 (ip_client_prefix()). */
#define BLOCK_IPV6_BITS 64u

/* The key in blocks_by_target; false: the target is invalid for its kind. A range is there by its network, in whatever form
 * its text has it. */
bool block_key(const struct msg_block_record *block, struct key *key);

/* Whether the organization has any blocks. */
[[gnu::warn_unused_result]] int blocks_some(struct txn *t, const struct id *org, bool *some);

/* Who wants to write. */
struct block_query {
	struct id org;
	struct slice session;
	struct id contact;    /* zero: none */
	struct slice network; /* ip_client_prefix() of the address; empty: not known */
};

/* Refuses (BLOCKED) somebody who is blocked now. */
[[gnu::warn_unused_result]] int blocks_refuse(
    struct txn *t, struct call *c, const struct block_query *query);

#endif
