/*
 * The handler's side; body_conn.c has the connection's.
 */
#include "workerd/http/body.h"

#include "proto/base/basics.h"
#include "workerd/http/body_conn.h"

uint64_t
http_body_left(const struct http_exchange *x)
{
	return body_left(x->conn);
}

void
http_body_take(struct http_exchange *x, size_t n, http_body_fn *fn, void *arg)
{
	must(x->phase == REPLY_NONE);
	body_take(x->conn, n, fn, arg);
}
