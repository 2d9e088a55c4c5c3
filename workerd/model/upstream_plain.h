/*
 * The way to a model on this machine or network: plain HTTP/1.1, on connections of our own. A
 * stream by libcurl has an easy handle, a connection and its parts, 12 KiB in all, and costs a
 * poll(2) more for each token; here it is a descriptor, an event and a reader (make bench).
 *
 * It takes what needs nothing of libcurl: http, an address in digits, no proxy. All else, TLS and
 * names to be resolved first of all, goes libcurl's way (upstream_engine.c).
 */
#ifndef WORKERD_MODEL_UPSTREAM_PLAIN_H
#define WORKERD_MODEL_UPSTREAM_PLAIN_H

#include "workerd/model/upstream_internal.h"

struct plain_conn;

/* NULL if this way is none for the URL. key may be NULL. */
struct plain *plain_new(struct upstream *u, const char *url, const char *key);
void plain_free(struct plain *p);

/* Asks a transfer's question: on a kept connection, or on a new one. What becomes of it the loop
 * tells. */
void plain_ask(struct plain *p, struct upstream_transfer *t);

/* It reads what it had to wait with (backlog_admits()). The loop's call, as its events are. */
void plain_go_on(struct plain_conn *c);

/* The transfer is freed: its connection, if it still has one, is closed. */
void plain_drop(struct upstream_transfer *t);

bool plain_is_connecting(const struct plain_conn *c);

#endif
