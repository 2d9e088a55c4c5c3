#include "storaged/replication/replica.h"

#include <stdlib.h>

void
replica_init(struct replica *r, struct env *env, const char *log, const char *name)
{
	*r = (struct replica){.env = env, .log = log, .name = name};
	/* In PostgreSQL it is a bigint. */
	arc4random_buf(&r->instance, sizeof(r->instance));
	r->instance >>= 1;
	env->replica = &r->status;
}

void
replica_clear(struct replica *r)
{
	log_conn_close(&r->conn);
	r->env->replica = NULL;
}

struct log_row
replica_next_row(const struct replica *r, uint64_t epoch, struct slice data)
{
	return (struct log_row){.seq = r->at.seq + 1,
	    .epoch = epoch,
	    .schema = SCHEMA_VERSION,
	    .prev = r->at.digest,
	    .data = data};
}
