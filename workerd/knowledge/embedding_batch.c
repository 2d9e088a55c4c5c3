#include "workerd/knowledge/embedding_batch.h"

#include "proto/base/log.h"

/* After so many, twice as many chunks are tried: what was refused may have been too long together, or the server busy. */
#define GROW 64

size_t
embedding_batch_limit(const struct embedding_batch *b, const struct embedding_server *server)
{
	return b->limit > 0 ? b->limit : server->most;
}

/* So many chunks of the refused request are dealt with. If all are accepted now, it had too many. */
static void
embedding_batch_settle(struct embedding_batch *b, struct embedding_server *server, size_t n)
{
	if (b->refused == 0)
		return;
	b->refused -= n < b->refused ? n : b->refused;
	if (b->refused > 0)
		return;
	b->limit = 0;
	if (b->bad_text)
		return;
	server->most = b->accepted;
	server->good = 0;
	log_event(LOG_INFO, "embedding_batch", L_UINT("most", server->most));
}

void
embedding_batch_accepted(struct embedding_batch *b, struct embedding_server *server, size_t n)
{
	if (n > b->accepted)
		b->accepted = n;
	/* The text that was refused is found: the others may be sent together again. */
	if (b->bad_text && b->limit > 0 && 2 * b->limit <= server->most)
		b->limit *= 2;
	embedding_batch_settle(b, server, n);
	if (n < server->most || server->most == EMBEDDING_BATCH || ++server->good < GROW)
		return;
	server->most = 2 * server->most < EMBEDDING_BATCH ? 2 * server->most : EMBEDDING_BATCH;
	server->good = 0;
}

/* A text that is too long must not keep the others from their vectors. */
bool
embedding_batch_refused(struct embedding_batch *b, struct embedding_server *server, size_t n)
{
	if (n == 1) {
		b->bad_text = true;
		embedding_batch_settle(b, server, 1);
		return false;
	}
	if (b->refused == 0) {
		b->refused = n;
		b->accepted = 0;
		b->bad_text = false;
	}
	b->limit = n / 2;
	return true;
}
