#include "storaged/server/log_requests.h"

#include <string.h>

#include "storaged/replication/replica.h"
#include "storaged/server/backups.h"

int
handle_hand_over(struct txn *t, struct call *c)
{
	if (t->env->replica == NULL)
		return call_refuse(c, STORE_INVALID,
		    "STORE_LOG is not set: there is no other machine to hand over to");
	if (!slice_copy_text(c->m->hand_over.to, c->hand_over->to, sizeof(c->hand_over->to)))
		return call_refuse(c, STORE_INVALID, "That is no name of a machine");
	c->hand_over->wanted = true;
	call_ok(c);
	return 0;
}

int
handle_backup_of_standby(struct txn *t, struct call *c)
{
	backups_note_row(t->env, &c->m->backup_done);
	call_ok(c);
	return 0;
}

int
handle_on_standby(struct txn *t, struct call *c)
{
	(void)t;
	return call_refuse(c, STORE_IS_STANDBY,
	    "the store of this machine is a standby: banter status names the owner");
}

void
log_status_add(const struct env *env, struct msg_status *status)
{
	const struct replica_status *of = env->replica;

	if (of == NULL)
		return;
	status->store_role = of->role;
	status->log_owner = slice_str(of->owner);
	status->log_epoch = of->epoch;
	status->log_seq = of->seq;
	status->log_behind = of->behind;
	status->log_standbys = of->standbys;
	status->log_append_us = of->append_us;
	status->log_error = slice_str(of->error);
}

void
log_info_add(const struct env *env, struct msg_store_info *info)
{
	const struct replica_status *of = env->replica;

	if (of == NULL)
		return;
	info->store_role = of->role;
	info->log_owner = slice_str(of->owner);
	info->log_epoch = of->epoch;
	info->log_seq = of->seq;
	info->log_behind = of->behind;
	info->log_standbys = of->standbys;
	info->log_append_us = of->append_us;
}
