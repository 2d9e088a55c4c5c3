#include "storaged/cli/setup/first_budget.h"

#include "proto/base/basics.h"

#define RECORD_BYTES 128

bool
first_budget_read(const char *text, uint64_t *tokens)
{
	*tokens = 0;
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return false;
		*tokens = 10 * *tokens + (uint64_t)(*p - '0');
		if (*tokens > FIRST_BUDGET_MAX)
			return false;
	}
	return *text != '\0';
}

int
first_budget_is_missing(struct store_conn *conn, const struct id *org, bool *missing)
{
	const struct msg_budget_list ask = {.org = *org};
	union msg m;
	int status = store_conn_request(conn, MSG_BUDGET_LIST, &ask, MSG_BUDGET_PAGE, &m);

	if (status == 0)
		*missing = m.budget_page.budgets.len == 0;
	return status;
}

int
first_budget_make(struct store_conn *conn, const struct id *org, uint64_t tokens)
{
	const struct msg_budget_record r = {
	    .v = RECORD_VERSION, .org = *org, .daily_tokens = tokens};
	struct msg_import_record import = {.type = MSG_BUDGET_RECORD};
	struct buf record;
	union msg m;
	int status;

	buf_init(&record, RECORD_BYTES);
	must(record_encode(&record, MSG_BUDGET_RECORD, &r) == 0);
	import.record = buf_slice(&record);
	status = store_conn_request(conn, MSG_IMPORT_RECORD, &import, MSG_OK, &m);
	buf_clear(&record);
	return status;
}
