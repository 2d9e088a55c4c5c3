/*
 * The SQL of the commit log: its tables and every statement that is run on them.
 *
 * banter_log has a row for each transaction of the store. The primary key is the fence: of two
 * processes that both take themselves for the owner, only one can write the next row. banter_owner has one
 * row. banter_member has a row for each other machine, with the row of the log that it has applied.
 */
#ifndef STORAGED_REPLICATION_LOG_STATEMENTS_H
#define STORAGED_REPLICATION_LOG_STATEMENTS_H

enum log_statement {
	LOG_OWNER, /* → epoch, name, instance, heartbeat, next, last seq, 1: it took over less than 30 s ago */
	LOG_FOUND, /* (name, instance, schema, prev, data): the first row of a new log; none if it has rows */
	LOG_APPEND, /* (seq, epoch, schema, prev, data) */
	LOG_RENEW, /* (epoch, instance, ms since the last one, last row of a backup) → heartbeat, the next one; withdraws an offer */
	LOG_TAKE, /* (epoch, instance and heartbeat that were read, name, instance, seq, schema, prev) */
	LOG_FIRST, /* (seq) → the first row at or behind it, as LOG_ROWS */
	LOG_ROWS, /* (seq, last seq, most rows, most bytes) → seq, epoch, schema, prev, data of the rows behind seq, at least one */
	LOG_CONFIRM, /* (name, seq, trouble, last row of a backup): a standby reports what it has applied */
	LOG_MEMBERS, /* → name, seq, ms since its last report, trouble */
	LOG_OFFER, /* (epoch, instance, heartbeat, name): the owner offers a standby to take over */
	LOG_TRIM, /* (days, bytes, most rows, most bytes): deletes old rows, never the last one → rows */
	LOG_STATEMENTS,
};

/* The text of a statement, for PREPARE. */
const char *log_statement_text(enum log_statement statement);

/* Creates the tables unless they exist, and columns that they lack. */
extern const char log_tables_sql[];

#endif
