#include "storaged/replication/log_statements.h"

/* A column that tables of an older version do not have. ALTER TABLE alone would wait for a lock in each connection. */
#define ADD_COLUMN(table, column, type)                                                \
	"IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('" table \
	"') AND attname = '" column "') THEN ALTER TABLE " table                       \
	" ADD COLUMN IF NOT EXISTS " column " " type "; END IF; "

#define NUMBER "bigint NOT NULL DEFAULT 0"

/* The clock so many times $1 days before now. */
#define BEFORE(times) "((SELECT clock FROM banter_owner) - " times " * $1::bigint * 86400000)"

/* The clock before which rows are old, and standbys forgotten; and before which nothing keeps rows. */
#define OLD      BEFORE("1")
#define VERY_OLD BEFORE("4")

/* The last row of the newest backup; NULL: none is known. */
#define BACKUP                                                                         \
	"nullif(greatest((SELECT backup FROM banter_owner), (SELECT max(backup) FROM " \
	"banter_member)), 0)"

/* The same by PostgreSQL's clock. */
#define OLD_AT "(now() - $1::bigint * interval '1 day')"

/* data is not compressed: that would take more of the owner's time than it is worth. total: bytes of all
 * rows up to this one since the log began, so that the size of those between two rows need not be counted.
 * taken: when the owner took over, by PostgreSQL's clock; NULL: it began the log.
 * clock: ms that owners have counted since the log began, and its value when a row was written or a standby reported. Ages
 * of rows are differences of it: PostgreSQL's clock may be wrong by days, and the log would be empty at once. Rows and
 * reports of versions that did not have it (0) may be recent ones, after a downgrade: PostgreSQL's clock decides, too.
 * backup: the last row of a backup that was made on this machine; 0: none is known.
 * trouble: why a standby should not be the owner (replica_trouble()). */
const char log_tables_sql[] =
    "DO $$ BEGIN IF to_regclass('banter_log') IS NULL THEN "
    "CREATE TABLE banter_log (seq bigint PRIMARY KEY, epoch bigint NOT NULL, schema int NOT "
    "NULL, "
    "prev bytea NOT NULL, data bytea NOT NULL, at timestamptz NOT NULL DEFAULT now(), "
    "total bigint NOT NULL);"
    "ALTER TABLE banter_log ALTER data SET STORAGE EXTERNAL;"
    "CREATE TABLE banter_owner (one bool PRIMARY KEY CHECK (one), epoch bigint NOT NULL, "
    "name text NOT NULL, instance bigint NOT NULL, heartbeat bigint NOT NULL, next text);"
    "CREATE TABLE banter_member (name text PRIMARY KEY, seq bigint NOT NULL, "
    "at timestamptz NOT NULL);"
    "END IF; " ADD_COLUMN("banter_owner", "taken", "timestamptz") ADD_COLUMN(
	"banter_member", "trouble", "text") ADD_COLUMN("banter_owner", "clock", NUMBER)
	ADD_COLUMN("banter_log", "clock", NUMBER) ADD_COLUMN("banter_member", "clock", NUMBER)
	    ADD_COLUMN("banter_owner", "backup", NUMBER)
		ADD_COLUMN("banter_member", "backup", NUMBER) "END $$";

static const char *const texts[] = {
    [LOG_OWNER] = "SELECT epoch, name, instance, heartbeat, next, "
		  "(SELECT max(seq) FROM banter_log), "
		  "(taken > now() - interval '30 seconds')::int::bigint FROM banter_owner",
    [LOG_FOUND] =
	"WITH o AS (INSERT INTO banter_owner (one, epoch, name, instance, heartbeat, next) "
	"SELECT true, 1, $1::text, $2::bigint, 1, NULL "
	"WHERE NOT EXISTS (SELECT FROM banter_log) RETURNING one) "
	"INSERT INTO banter_log (seq, epoch, schema, prev, data, total) "
	"SELECT 1, 1, $3::bigint, $4::bytea, $5::bytea, octet_length($5::bytea) FROM o",
    /* Inserts nothing if the row before is missing: PostgreSQL has lost it. */
    [LOG_APPEND] = "INSERT INTO banter_log (seq, epoch, schema, prev, data, total, clock) "
		   "SELECT $1::bigint, $2::bigint, $3::bigint, $4::bytea, $5::bytea, "
		   "total + octet_length($5::bytea), (SELECT clock FROM banter_owner) FROM "
		   "banter_log WHERE seq = $1::bigint - 1",
    [LOG_RENEW] = "UPDATE banter_owner SET heartbeat = heartbeat + 1, next = NULL, "
		  "clock = clock + $3::bigint, backup = greatest(backup, $4::bigint) "
		  "WHERE epoch = $1::bigint AND instance = $2::bigint RETURNING heartbeat",
    /* Changes nothing if the row before is missing. */
    [LOG_TAKE] =
	"WITH o AS (UPDATE banter_owner SET epoch = epoch + 1, name = $4::text, "
	"instance = $5::bigint, heartbeat = heartbeat + 1, next = NULL, taken = now() "
	"WHERE epoch = $1::bigint AND instance = $2::bigint AND heartbeat = $3::bigint "
	"AND EXISTS (SELECT FROM banter_log WHERE seq = $6::bigint - 1) RETURNING epoch, "
	"clock) "
	"INSERT INTO banter_log (seq, epoch, schema, prev, data, total, clock) "
	"SELECT $6::bigint, o.epoch, $7::bigint, $8::bytea, '', total, o.clock FROM o, "
	"banter_log "
	"WHERE seq = $6::bigint - 1",
    [LOG_FIRST] = "SELECT seq, epoch, schema::bigint, prev, data FROM banter_log "
		  "WHERE seq >= $1::bigint ORDER BY seq LIMIT 1",
    /* The next row may have any size. If it is deleted already, a later one comes, which shows the gap. */
    [LOG_ROWS] = "SELECT seq, epoch, schema::bigint, prev, data FROM (SELECT * FROM banter_log "
		 "WHERE seq > $1::bigint AND seq <= $2::bigint ORDER BY seq LIMIT $3::bigint) "
		 "AS next WHERE seq = $1::bigint + 1 OR total <= "
		 "(SELECT total FROM banter_log WHERE seq >= $1::bigint ORDER BY seq LIMIT 1) "
		 "+ $4::bigint ORDER BY seq",
    [LOG_CONFIRM] = "INSERT INTO banter_member (name, seq, at, trouble, clock, backup) "
		    "VALUES ($1::text, $2::bigint, now(), $3::text, "
		    "coalesce((SELECT clock FROM banter_owner), 0), $4::bigint) "
		    "ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, at = now(), "
		    "trouble = excluded.trouble, clock = excluded.clock, "
		    "backup = greatest(banter_member.backup, excluded.backup)",
    [LOG_MEMBERS] = "SELECT name, seq, "
		    "greatest(extract(epoch FROM now() - at) * 1000, 0)::bigint, trouble "
		    "FROM banter_member ORDER BY seq DESC, name",
    /* With the heartbeat: an offer that the log gets late, when the owner has gone on, must not count. */
    [LOG_OFFER] =
	"UPDATE banter_owner SET heartbeat = heartbeat + 1, next = $4::text "
	"WHERE epoch = $1::bigint AND instance = $2::bigint AND heartbeat = $3::bigint",
    /* Looks at the oldest rows only, so that it costs nothing when there is nothing to delete. The first of them may
     * have any size. An old row stays while a machine needs it that has reported since, and up to four times as long while the
     * newest backup needs it: restored, that must find all rows that it lacks. */
    [LOG_TRIM] =
	"DELETE FROM banter_log WHERE seq IN (SELECT seq FROM (SELECT seq, clock, at, total "
	"FROM banter_log ORDER BY seq LIMIT $3::bigint) AS oldest WHERE "
	"(clock < " OLD " AND (clock > 0 OR at < " OLD_AT ") AND seq < "
	"coalesce((SELECT min(seq) FROM banter_member WHERE (clock >= " OLD " OR at >= " OLD_AT
	") AND name <> (SELECT name FROM banter_owner)), seq + 1) AND "
	"(seq < coalesce(" BACKUP ", seq + 1) OR clock < " VERY_OLD ") OR total < "
	"(SELECT total FROM banter_log ORDER BY seq DESC LIMIT 1) - $2::bigint) "
	"AND total <= "
	"(SELECT total FROM banter_log ORDER BY seq LIMIT 1) + $4::bigint "
	"AND seq < (SELECT max(seq) FROM banter_log))",
};

const char *
log_statement_text(enum log_statement statement)
{
	return texts[statement];
}
