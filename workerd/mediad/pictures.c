/*
 * A picture goes through these steps, each of which ends in an answer of storaged or of a process: read (MEDIA_READ, piece by
 * piece), convert, append (MEDIA_APPEND, piece by piece of both copies), tell (MEDIA_RESULT).
 */
#include "workerd/mediad/pictures.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* The pause after a failure, which grows. */
#define PAUSE_MIN_MS UINT64_C(1000)
#define PAUSE_MAX_MS UINT64_C(60000)

#define PIECE_BYTES 65536u

/* A process that dies on a picture may have been killed for another reason. */
#define TRIES_MAX 2u

struct copy {
	struct id id;
	enum file_kind kind;
	uint32_t width, height;
	struct buf bytes; /* what is not stored yet */
	uint32_t total;
};

struct job {
	TAILQ_ENTRY(job) link;
	struct pictures *all;
	struct id id;
	int file; /* what was read of it; -1: a process has it */
	uint32_t offset;
	unsigned tries; /* conversions without a result */
	struct conversion *conversion;
	struct copy copies[MEDIA_SIZES];
	enum media_size at; /* the copy that is being stored */
	const char *reason; /* of the refusal; NULL: it is ready */
	struct store_call *call;
};

struct pictures {
	struct event_base *base;
	struct store_client *store;
	struct conversions *conversions;
	TAILQ_HEAD(, job) list;
	size_t n;
	uint64_t checked;
	struct id lease;
	struct store_call *call; /* that asks for pictures */
	bool again;              /* something may have changed since */
	uint64_t pause_ms;       /* 0: the last picture did not fail */
	struct event *timer;
};

static void pictures_ask(struct pictures *p);
static void picture_read(struct job *one);
static void picture_append(struct job *one);

static void
picture_clear_copies(struct job *one)
{
	for (enum media_size i = 0; i < MEDIA_SIZES; i++)
		buf_clear(&one->copies[i].bytes);
}

static void
picture_forget(struct job *one)
{
	struct pictures *p = one->all;

	if (one->call != NULL)
		store_call_forget(one->call);
	if (one->conversion != NULL)
		conversion_cancel(one->conversion);
	closefd(&one->file);
	picture_clear_copies(one);
	TAILQ_REMOVE(&p->list, one, link);
	p->n--;
	free(one);
}

/* Asks again after a pause. */
static void
pictures_pause(struct pictures *p)
{
	struct timeval in;

	p->pause_ms = p->pause_ms == 0 ? PAUSE_MIN_MS : 2 * p->pause_ms;
	if (p->pause_ms > PAUSE_MAX_MS)
		p->pause_ms = PAUSE_MAX_MS;
	in = clock_timeval(p->pause_ms);
	must(evtimer_add(p->timer, &in) == 0);
}

/* Something else than the picture fails: it waits at storaged, and is tried again. */
static void
picture_put_off(struct job *one, const char *step, uint16_t type, const union msg *m)
{
	struct pictures *p = one->all;

	/* It was removed meanwhile, which is no failure. */
	if (type == MSG_ERROR && m->error.code == STORE_NOT_FOUND) {
		picture_forget(one);
		pictures_ask(p);
		return;
	}
	log_event(LOG_WARN, "picture_put_off", L_ID("file", &one->id), L_STR("step", step),
	    L_SLICE("error", type == MSG_ERROR ? m->error.detail : (struct slice){0}));
	picture_forget(one);
	pictures_pause(p);
}

/* Sends the request of a step; the answer goes to fn. */
static void
picture_call(
    struct job *one, const char *step, enum msg_type type, const void *m, store_answer_fn *fn)
{
	one->call = store_call(one->all->store, type, m, 0, fn, one);
	if (one->call == NULL)
		picture_put_off(one, step, 0, NULL);
}

static void
picture_on_told(void *arg, uint16_t type, const union msg *m)
{
	struct job *one = arg;
	struct pictures *p = one->all;

	one->call = NULL;
	if (type != MSG_OK) {
		picture_put_off(one, "tell", type, m);
		return;
	}
	log_event(LOG_INFO, one->reason == NULL ? "picture_ready" : "picture_refused",
	    L_ID("file", &one->id), L_STR("reason", one->reason));
	p->checked++;
	p->pause_ms = 0;
	picture_forget(one);
	pictures_ask(p);
}

/* reason: of a refusal; NULL: both copies are stored. */
static void
picture_tell(struct job *one, const char *reason)
{
	struct msg_media_result m = {.lease = one->all->lease, .file = one->id};

	one->reason = reason;
	if (reason != NULL) {
		m.reason = slice_str(reason);
	} else {
		m.shown = one->copies[MEDIA_SHOWN].id;
		m.small = one->copies[MEDIA_SMALL].id;
	}
	picture_call(one, "tell", MSG_MEDIA_RESULT, &m, picture_on_told);
}

static void
picture_on_appended(void *arg, uint16_t type, const union msg *m)
{
	struct job *one = arg;
	struct buf *bytes = &one->copies[one->at].bytes;

	one->call = NULL;
	if (type != MSG_OK) {
		picture_put_off(one, "append", type, m);
		return;
	}
	buf_consume(bytes, buf_len(bytes) < PIECE_BYTES ? buf_len(bytes) : PIECE_BYTES);
	if (buf_len(bytes) == 0)
		one->at++;
	if (one->at < MEDIA_SIZES)
		picture_append(one);
	else
		picture_tell(one, NULL);
}

static void
picture_append(struct job *one)
{
	const struct copy *copy = &one->copies[one->at];
	const size_t left = buf_len(&copy->bytes);
	const struct msg_media_append m = {
	    .lease = one->all->lease,
	    .file = one->id,
	    .copy = copy->id,
	    .first = one->at == MEDIA_SHOWN,
	    .offset = copy->total - (uint32_t)left,
	    .total = copy->total,
	    .type = slice_str(file_kind_type(copy->kind)),
	    .width = copy->width,
	    .height = copy->height,
	    .piece = {buf_data(&copy->bytes), left < PIECE_BYTES ? left : PIECE_BYTES},
	};

	picture_call(one, "append", MSG_MEDIA_APPEND, &m, picture_on_appended);
}

static void
picture_keep_copies(struct job *one, const struct media_result *result)
{
	for (enum media_size i = 0; i < MEDIA_SIZES; i++) {
		const struct media_copy *from = &result->copies[i];
		struct copy *copy = &one->copies[i];

		copy->id = id_new();
		copy->kind = from->kind;
		copy->width = from->width;
		copy->height = from->height;
		copy->total = (uint32_t)from->bytes.len;
		must(buf_append(&copy->bytes, from->bytes.p, from->bytes.len) == 0);
	}
}

/* conversion_done. */
static void
picture_on_converted(void *arg, const struct media_result *result)
{
	struct job *one = arg;

	one->conversion = NULL;
	if (result == NULL && ++one->tries < TRIES_MAX) {
		picture_read(one);
	} else if (result == NULL) {
		picture_tell(one, media_status_name(MEDIA_DAMAGED));
	} else if (result->status != MEDIA_OK) {
		picture_tell(one, media_status_name(result->status));
	} else {
		picture_keep_copies(one, result);
		picture_append(one);
	}
}

static void
picture_convert(struct job *one)
{
	const int file = one->file;

	one->file = -1;
	one->conversion =
	    conversion_start(one->all->conversions, file, picture_on_converted, one);
	if (one->conversion == NULL)
		picture_put_off(one, "convert", 0, NULL);
}

static void
picture_on_piece(void *arg, uint16_t type, const union msg *m)
{
	struct job *one = arg;

	one->call = NULL;
	if (type != MSG_FILE_PIECE) {
		picture_put_off(one, "read", type, m);
		return;
	}
	if (conversion_file_add(one->file, m->file_piece.piece) == -1) {
		picture_put_off(one, "read", 0, NULL);
		return;
	}
	one->offset += (uint32_t)m->file_piece.piece.len;
	/* The process says that a longer one is too large. */
	if (m->file_piece.piece.len == 0 || one->offset > MEDIA_FILE_MAX)
		picture_convert(one);
	else
		picture_call(one, "read", MSG_MEDIA_READ,
		    &(struct msg_media_read){
			.lease = one->all->lease, .file = one->id, .offset = one->offset},
		    picture_on_piece);
}

/* Reads a picture from its beginning. */
static void
picture_read(struct job *one)
{
	const struct msg_media_read m = {.lease = one->all->lease, .file = one->id};

	one->offset = 0;
	one->file = conversion_file();
	if (one->file == -1)
		picture_put_off(one, "read", 0, NULL);
	else
		picture_call(one, "read", MSG_MEDIA_READ, &m, picture_on_piece);
}

static void
pictures_start(struct pictures *p, const struct id *id)
{
	struct job *one = xcalloc(1, sizeof(*one));

	one->all = p;
	one->id = *id;
	one->file = -1;
	for (enum media_size i = 0; i < MEDIA_SIZES; i++)
		buf_init(&one->copies[i].bytes, MEDIA_COPY_MAX);
	TAILQ_INSERT_TAIL(&p->list, one, link);
	p->n++;
	picture_read(one);
}

static bool
pictures_has(const struct pictures *p, const struct id *id)
{
	const struct job *one;

	TAILQ_FOREACH (one, &p->list, link)
		if (id_equal(&one->id, id))
			return true;
	return false;
}

static void
pictures_start_all(struct pictures *p, struct slice ids)
{
	struct id id;

	for (; ids.len >= sizeof(id.b) && p->n < CONVERSIONS_RUNNING;
	     ids = (struct slice){ids.p + sizeof(id.b), ids.len - sizeof(id.b)}) {
		memcpy(id.b, ids.p, sizeof(id.b));
		if (!pictures_has(p, &id))
			pictures_start(p, &id);
	}
}

static void
pictures_on_work(void *arg, uint16_t type, const union msg *reply)
{
	struct pictures *p = arg;

	p->call = NULL;
	if (type != MSG_MEDIA_WORK) {
		pictures_pause(p);
		return;
	}
	/* Without the lease, storaged tells when it is free. */
	if (reply->media_work.granted)
		pictures_start_all(p, reply->media_work.files);
	if (p->again)
		pictures_ask(p);
}

static void
pictures_ask(struct pictures *p)
{
	const struct msg_media_lease ask = {
	    .lease = p->lease, .limit = 2 * CONVERSIONS_RUNNING};

	/* Nothing is tried before the end of a pause. */
	if (evtimer_pending(p->timer, NULL))
		return;
	p->again = p->call != NULL;
	if (p->again)
		return;
	p->call = store_call(p->store, MSG_MEDIA_LEASE, &ask, 0, pictures_on_work, p);
	if (p->call == NULL)
		pictures_pause(p);
}

static void
pictures_on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	pictures_ask(arg);
}

static void
pictures_on_connected(void *arg)
{
	struct pictures *p = arg;

	evtimer_del(p->timer);
	p->pause_ms = 0;
	pictures_ask(p);
}

static void
pictures_on_notification(void *arg, uint16_t type, const union msg *notice)
{
	(void)notice;
	if (type == MSG_LIVE_MEDIA)
		pictures_ask(arg);
}

struct pictures *
pictures_new(
    struct event_base *base, struct store_client *store, struct conversions *conversions)
{
	static const struct store_events events = {
	    .connected = pictures_on_connected,
	    .notification = pictures_on_notification,
	};
	struct pictures *p = xcalloc(1, sizeof(*p));

	p->base = base;
	p->store = store;
	p->conversions = conversions;
	p->lease = id_new();
	TAILQ_INIT(&p->list);
	p->timer = evtimer_new(base, pictures_on_timer, p);
	must(p->timer != NULL);
	store_client_listen(store, &events, p);
	return p;
}

void
pictures_free(struct pictures *p)
{
	struct job *one;

	while ((one = TAILQ_FIRST(&p->list)) != NULL)
		picture_forget(one);
	if (p->call != NULL)
		store_call_forget(p->call);
	event_free(p->timer);
	free(p);
}

size_t
pictures_under_way(const struct pictures *p)
{
	return p->n;
}

uint64_t
pictures_checked(const struct pictures *p)
{
	return p->checked;
}
