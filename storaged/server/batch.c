/*
 * Group commit. Requests run in a read transaction until the first write begins the write
 * transaction, in which all later ones run. There is no other writer, so earlier reads stay valid.
 */
#include "storaged/server/batch.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/budgets/budgets.h"

/* What is needed to run a request again, and its result. Small: a batch that fills the processor
 * cache with requests is slower. */
struct request {
	const struct handler *handler;
	struct client *from;
	uint64_t number;
	struct slice payload;
	uint16_t type;
	enum store_error excused; /* refused without running; 0: it runs */
	bool refused;             /* its answer is an error */
	bool overflow;            /* its answer did not fit */
};

const struct handler *
handlers_find(const struct handlers *handlers, uint16_t type)
{
	for (size_t i = 0; i < handlers->n; i++)
		if (handlers->of[i].type == type)
			return &handlers->of[i];
	return handlers->others;
}

void
batch_init(struct batch *b, struct env *env, struct live *live, const struct handlers *handlers)
{
	*b = (struct batch){.env = env, .live = live, .handlers = handlers, .number = 1};
	b->requests = xcalloc(BATCH_REQUESTS, sizeof(*b->requests));
	activity_init(&b->activity);
}

void
batch_clear(struct batch *b)
{
	must(b->n == 0);
	free(b->requests);
	effects_clear(&b->effects);
	*b = (struct batch){0};
}

bool
batch_is_open(const struct batch *b)
{
	return !b->failed && b->n < BATCH_REQUESTS && b->bytes < BATCH_BYTES &&
	    (b->txn.mdb == NULL ||
		(txn_log_bytes(&b->txn) < BATCH_LOG_BYTES &&
		    b->txn.piece_bytes < BATCH_PIECE_BYTES));
}

union msg *
batch_slot(struct batch *b)
{
	must(batch_is_open(b));
	return &b->slot;
}

static bool
batch_writes(enum handler_kind kind)
{
	return kind >= HANDLER_MAY_WRITE;
}

static const char store_damaged[] = "the store is damaged and read-only";
static const char nothing_readable[] =
    "the store is damaged, and nothing can be read: see ev=store_damaged in its log";
static const char could_not_read[] = "the store could not read what this needs";

static void
batch_answer_error(
    struct request *q, struct call *call, enum store_error code, const char *detail)
{
	q->refused = true;
	call_answer(call, MSG_ERROR,
	    &(struct msg_error){
		.code = (uint16_t)code,
		.detail = slice_str(detail),
		.text = call->text,
	    });
}

static void
batch_answer_excuse(struct request *q, struct call *call, enum store_error excused)
{
	const char *why = excused == STORE_FULL ? "the store is full"
	    : excused == STORE_DAMAGED          ? store_damaged
	    : !batch_writes(q->handler->kind)   ? could_not_read
						: "the store could not write this";

	batch_answer_error(q, call, excused, why);
}

/* Why a request must not run: it failed before, or the stage excludes its kind. 0: it runs. */
static enum store_error
batch_excuse(const struct batch *b, const struct request *q)
{
	enum handler_kind kind = q->handler->kind;

	if (q->excused != 0 || !batch_writes(kind) || b->stage == BATCH_ALL)
		return q->excused;
	if (kind == HANDLER_MAY_WRITE ||
	    (b->stage == BATCH_DELETIONS && kind == HANDLER_DELETES))
		return 0;
	return b->refusal;
}

/* Begins a transaction in which a request of this kind can run. */
static int
batch_need_txn(struct batch *b, enum handler_kind kind)
{
	bool reads = kind == HANDLER_READS || kind == HANDLER_READS_MUCH ||
	    (kind == HANDLER_MAY_WRITE && b->stage != BATCH_ALL);

	if (kind == HANDLER_TELLS || (b->txn.mdb != NULL && (reads || b->txn.mode != TXN_READ)))
		return 0;
	txn_abort(&b->txn);
	if (reads)
		return txn_begin(&b->txn, b->env, TXN_READ);
	return txn_begin(&b->txn, b->env, b->stage == BATCH_ALL ? TXN_WRITE : TXN_DELETE);
}

static void
batch_log_failure(const struct request *q, int rc)
{
	log_event(LOG_ERROR, "request_failed", L_STR("type", msg_name(q->type)),
	    L_STR("error", env_strerror(rc)));
}

/* The error of a request that failed: for a damaged page, and for an errno of the disk, that of all writes. A damaged
 * record is a fault of this request alone. */
static enum store_error
batch_failure(const struct batch *b, const struct request *q, int rc)
{
	if (env_is_page_damage(rc) ||
	    (batch_writes(q->handler->kind) && b->env->damage != NULL))
		return STORE_DAMAGED;
	return rc > 0 ? STORE_READ_ONLY : STORE_INTERNAL;
}

/* Answers a request that failed without affecting the others. */
static void
batch_failed_alone(struct batch *b, struct request *q, struct call *call, int rc)
{
	enum store_error code = batch_failure(b, q, rc);

	/* The next request gets a new read transaction. */
	if (b->txn.mode == TXN_READ)
		txn_abort(&b->txn);
	batch_log_failure(q, rc);
	batch_answer_error(
	    q, call, code, code == STORE_DAMAGED ? store_damaged : could_not_read);
}

/* Whether a failed request makes the transaction unusable. A request that only reads cannot. */
static bool
batch_loses_txn(const struct txn *t, uint64_t changes_before, int rc)
{
	if (t->changes != changes_before)
		return true;
	return t->mode != TXN_READ && rc != CALL_REFUSED && rc != CALL_WRITES &&
	    !txn_survives(rc);
}

/* The budgets of an import are counted together, before another request needs them. */
static int
batch_count_budgets(struct batch *b, const struct request *q)
{
	if (b->txn.mdb == NULL || q->type == MSG_IMPORT_RECORD)
		return 0;
	return budgets_count_new(&b->txn);
}

/* A damaged page makes a transaction unusable, also if the request has an answer without it. */
static void
batch_leave_damaged(struct batch *b)
{
	if (b->env->damage != NULL && b->txn.mode == TXN_READ)
		txn_abort(&b->txn);
}

/* Without its newest meta page a store cannot even be read: requests are refused until an operator restores it. */
static bool
batch_cannot_read(const struct batch *b, int rc)
{
	return env_is_page_damage(rc) && b->env->damage != NULL && b->txn.mode == TXN_READ;
}

/* Runs a request. 0: it has its answer; else the transaction is lost. */
static int
batch_run_handler(struct batch *b, struct request *q, struct call *call)
{
	size_t mark = buf_len(q->from->out), effects = b->effects.n;
	uint64_t changes;
	int rc = batch_need_txn(b, q->handler->kind);

	if (batch_cannot_read(b, rc)) {
		batch_answer_error(q, call, STORE_DAMAGED, nothing_readable);
		return 0;
	}
	if (rc == 0)
		rc = batch_count_budgets(b, q);
	if (rc != 0)
		return rc;
	changes = b->txn.changes;
	rc = q->handler->run(&b->txn, call);
	if (rc == 0) {
		batch_leave_damaged(b);
		return 0;
	}

	buf_truncate(q->from->out, mark);
	effects_cut(&b->effects, effects);
	if (batch_loses_txn(&b->txn, changes, rc))
		return rc;
	if (rc == CALL_REFUSED)
		batch_answer_error(q, call, call->refused, call->detail);
	else if (rc == CALL_WRITES)
		batch_answer_excuse(q, call, b->refusal);
	else
		batch_failed_alone(b, q, call, rc);
	return 0;
}

/* Runs the request in the slot. 0 or as batch_run_handler(). */
static int
batch_run_one(struct batch *b, struct request *q)
{
	enum store_error excused = batch_excuse(b, q);
	struct call call = {
	    .m = &b->slot,
	    .request = q->number,
	    .from = q->from,
	    .open = b->live->open,
	    .live = b->live,
	    .lease = &b->live->lease,
	    .embedding = &b->live->embedding,
	    .mail = &b->live->mail,
	    .media = &b->live->media,
	    .hand_over = &b->live->hand_over,
	    .activity = &b->activity,
	    .peers = b->peers,
	    .effects = &b->effects,
	};
	int rc = 0;

	q->refused = false;
	if (excused != 0)
		batch_answer_excuse(q, &call, excused);
	else
		rc = batch_run_handler(b, q, &call);
	q->overflow = call.overflow;
	return rc;
}

/* Undoes the batch, and decides what runs again and what is refused. culprit: NULL if the
 * commit, or the beginning of the transaction, failed. */
static void
batch_undo(struct batch *b, struct request *culprit, int rc)
{
	bool full = env_is_full_error(rc);

	must(rc != CALL_REFUSED && rc != CALL_WRITES);
	txn_abort(&b->txn);
	effects_cut(&b->effects, 0);
	for (size_t i = 0; i < b->n; i++)
		buf_truncate(b->requests[i].from->out, b->requests[i].from->mark);
	b->failed = true;
	if (rc == COMMIT_LOG_LOST) {
		b->hopeless = rc;
		return;
	}
	if (!full && culprit != NULL && !b->excused) {
		b->excused = true;
		culprit->excused = batch_failure(b, culprit, rc);
		batch_log_failure(culprit, rc);
		return;
	}
	env_write_failed(b->env, rc);
	b->refusal = call_write_refusal(b->env);
	if (b->stage == BATCH_READS || env_is_fatal_error(rc))
		b->hopeless = rc;
	b->stage = full && b->stage == BATCH_ALL ? BATCH_DELETIONS : BATCH_READS;
}

/* Whose turn a request takes; zero: it names no organization. */
static struct id
batch_org(const struct msg_desc *desc, const union msg *m)
{
	const struct wire_field *field = desc->fields;
	struct id org = {0};

	while (field->type != WIRE_END &&
	    (field->type != WIRE_ID || strcmp(field->name, "org") != 0))
		field++;
	if (field->type != WIRE_END)
		memcpy(&org, (const uint8_t *)m + field->offset, sizeof(org));
	return org;
}

static void
batch_add_request(
    struct batch *b, const struct handler *handler, struct client *from, const struct frame *f)
{
	struct request *q = &b->requests[b->n++];
	int rc;

	q->handler = handler;
	q->type = f->type;
	q->from = from;
	q->number = f->request;
	q->payload = f->payload;
	q->excused = 0;
	b->bytes += f->payload.len;
	if (from->batch != b->number) {
		from->batch = b->number;
		from->mark = buf_len(from->out);
	}
	rc = batch_run_one(b, q);
	if (rc != 0)
		batch_undo(b, b->txn.mdb == NULL ? NULL : q, rc);
}

void
batch_add(struct batch *b, struct client *from, const struct frame *f)
{
	const struct handler *handler = handlers_find(b->handlers, f->type);
	struct id org;

	must(handler != NULL);
	if (handler->kind == HANDLER_READS_MUCH && b->long_reads != NULL) {
		org = batch_org(msg_desc(f->type), &b->slot);
		if (long_reads_add(b->long_reads, from, &org, f->request, f->type, f->payload))
			return;
	}
	batch_add_request(b, handler, from, f);
}

void
batch_add_long(struct batch *b, const struct long_read *q)
{
	const struct frame f = {
	    .type = q->type, .request = q->request, .payload = {q->payload, q->len}};

	/* It decoded before. */
	must(msg_decode_payload(msg_desc(q->type), f.payload, batch_slot(b)) == WIRE_OK);
	batch_add_request(b, handlers_find(b->handlers, q->type), q->from, &f);
}

/* Runs all requests again, up to the commit. */
static void
batch_run_again(struct batch *b)
{
	b->failed = false;
	for (size_t i = 0; i < b->n && !b->failed; i++) {
		struct request *q = &b->requests[i];
		const struct msg_desc *desc = msg_desc(q->type);
		int rc;

		/* It decoded before. */
		must(msg_decode_payload(desc, q->payload, &b->slot) == WIRE_OK);
		rc = batch_run_one(b, q);
		if (rc != 0)
			batch_undo(b, b->txn.mdb == NULL ? NULL : q, rc);
	}
}

/* After the commit: applies the effects in memory, counts the requests. */
static void
batch_apply(struct batch *b)
{
	effects_apply(&b->effects, b->live);
	live_changes(b->live, b->env->newest_change);
	for (size_t i = 0; i < b->n; i++) {
		const struct request *q = &b->requests[i];

		if (q->overflow)
			q->from->fault = "too far behind";
		/* Every worker sends one a second while it has nothing else. */
		if (q->handler->type != MSG_PING)
			b->activity.requests++;
		b->activity.refused += q->refused;
	}
}

static void
batch_empty(struct batch *b)
{
	b->n = b->bytes = 0;
	effects_cut(&b->effects, 0);
	b->number++;
	b->stage = BATCH_ALL;
	b->excused = b->failed = false;
	b->hopeless = 0;
}

int
batch_end(struct batch *b)
{
	int hopeless;

	/* Each failed round allows less in the next one; the last allows only reads. */
	for (;;) {
		if (b->failed)
			batch_run_again(b);
		if (!b->failed && b->txn.mdb != NULL) {
			bool wrote = b->txn.changes > 0;
			int rc = txn_commit(&b->txn);

			if (rc != 0)
				batch_undo(b, NULL, rc);
			else if (wrote)
				activity_commit(&b->activity);
		}
		if (!b->failed || b->hopeless != 0)
			break;
	}
	hopeless = b->hopeless;
	if (hopeless == 0)
		batch_apply(b);
	batch_empty(b);
	return hopeless;
}
