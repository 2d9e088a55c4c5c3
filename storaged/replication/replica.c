#include "storaged/replication/replica.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/basics.h"

/* Adds the beginning of a file, if it can be read. */
static void
replica_add_file(struct buf *id, const char *path)
{
	uint8_t bytes[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? 0 : read(fd, bytes, sizeof(bytes));

	if (n > 0)
		must(buf_append(id, bytes, (size_t)n) == 0);
	if (fd != -1)
		closefd(&fd);
}

/* 31 bits. A copy of the whole machine may have the same id and directory, but the kernel's id of the boot
 * differs, where it can be read. */
static uint64_t
replica_machine(const struct env *env)
{
	const char *dir = NULL;
	struct hash256 hash;
	uint32_t machine;
	struct stat st;
	struct buf id;

	buf_init(&id, 256);
	replica_add_file(&id, "/etc/machine-id");
	replica_add_file(&id, "/proc/sys/kernel/random/boot_id");
	if (mdb_env_get_path(env->mdb, &dir) == 0 && stat(dir, &st) == 0) {
		must(buf_append(&id, &st.st_dev, sizeof(st.st_dev)) == 0);
		must(buf_append(&id, &st.st_ino, sizeof(st.st_ino)) == 0);
	}
	hash = secret_hash(buf_slice(&id));
	buf_clear(&id);
	memcpy(&machine, hash.b, sizeof(machine));
	return machine >> 1;
}

void
replica_init(struct replica *r, struct env *env, const char *log, const char *name)
{
	*r = (struct replica){.env = env, .log = log, .name = name};
	/* In PostgreSQL it is a bigint. */
	r->instance = replica_machine(env) << 32 | arc4random();
	env->replica = &r->status;
}

bool
replica_same_machine(const struct replica *r, uint64_t instance)
{
	return r->instance >> 32 == instance >> 32;
}

/* Room for the largest batches; of a small store, a part of it. */
#define ROOM_BYTES ((uint64_t)16 << 20)
#define ROOM_PARTS 16

static uint64_t
replica_least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Bytes that can still be stored, as this transaction sees it. 0 or an LMDB error. */
static int
replica_read_room(const struct txn *t, uint64_t *room)
{
	const struct env *env = t->env;
	uint64_t used, most;
	MDB_envinfo info;
	MDB_stat stat;
	int rc = env_used_bytes(env, t->mdb, &used);

	if (rc == 0)
		rc = mdb_env_info(env->mdb, &info);
	if (rc == 0)
		rc = mdb_env_stat(env->mdb, &stat);
	if (rc != 0)
		return rc;
	most = (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize + env_disk_free(env);
	most = replica_least(most, env->max_bytes);
	*room = most > used ? most - used : 0;
	return 0;
}

const char *
replica_trouble(const struct replica *r)
{
	uint64_t room = 0;
	struct txn t;
	int rc = txn_begin(&t, r->env, TXN_READ);

	if (rc == 0)
		rc = replica_read_room(&t, &room);
	txn_abort(&t);
	if (r->env->damage != NULL)
		return "damaged";
	return rc == 0 && room < replica_least(ROOM_BYTES, r->env->max_bytes / ROOM_PARTS)
	    ? "full"
	    : "";
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
