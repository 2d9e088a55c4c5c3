#include "workerd/crawl/extraction.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/children/spawner.h"
#include "workerd/crawl/document/formats.h"

/* The spawner kills a child before; this is for a child that nobody could kill. */
#define GIVE_UP_SECONDS (EXTRACTION_SECONDS + 5)

#define READ_SIZE 65536

/* When a job is tried again that found no free file descriptor. */
#define AGAIN_SECONDS 1

struct extraction {
	TAILQ_ENTRY(extraction) next;
	struct extraction_pool *pool;
	extraction_done *done;
	void *arg;
	struct buf args;        /* of the child */
	int in;                 /* the document, until the child runs; else -1 */
	int out;                /* the result, while the child runs; else -1 */
	struct event *event;    /* out, or the end without a child */
	struct buf bytes;       /* of the result */
	struct document *ready; /* instead of a child's; NULL: there is a child */
};

TAILQ_HEAD(extractions, extraction);

struct extraction_pool {
	struct event_base *base;
	int spawner;
	struct event *gone;         /* the spawner's end */
	struct event *again;        /* file descriptors may be free again */
	struct extractions waiting; /* also those that end without a child */
	struct extractions running;
	size_t n_waiting, n_running;
};

static void
extraction_on_spawner(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	never("the process that starts crawl-extract is gone");
}

static void
extraction_on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	extraction_pool_run(arg);
}

int
extraction_spawner_start(const char *program)
{
	return spawner_start(&(struct spawner_program){
	    .path = program,
	    .name = "crawl-spawner",
	    .not_started = "extract_not_started",
	    .killed = "extract_killed",
	    .arguments = 3,
	    .seconds = EXTRACTION_SECONDS,
	});
}

struct extraction_pool *
extraction_pool_new(struct event_base *base, int spawner)
{
	struct extraction_pool *pool = xcalloc(1, sizeof(*pool));

	pool->base = base;
	pool->spawner = spawner;
	pool->gone = event_new(base, spawner, EV_READ, extraction_on_spawner, NULL);
	must(pool->gone != NULL && event_add(pool->gone, NULL) == 0);
	pool->again = evtimer_new(base, extraction_on_again, pool);
	must(pool->again != NULL);
	TAILQ_INIT(&pool->waiting);
	TAILQ_INIT(&pool->running);
	return pool;
}

static void
extraction_free(struct extraction *x)
{
	if (x->event != NULL)
		event_free(x->event);
	closefd(&x->in);
	closefd(&x->out);
	buf_clear(&x->args);
	buf_clear(&x->bytes);
	document_free(x->ready);
	free(x);
}

/* Takes the job out of its queue. */
static void
extraction_remove(struct extraction *x)
{
	struct extraction_pool *pool = x->pool;

	if (x->out != -1) {
		TAILQ_REMOVE(&pool->running, x, next);
		pool->n_running--;
	} else {
		TAILQ_REMOVE(&pool->waiting, x, next);
		pool->n_waiting--;
	}
}

void
extraction_cancel(struct extraction *x)
{
	struct extraction_pool *pool = x->pool;

	extraction_remove(x);
	extraction_free(x);
	extraction_pool_run(pool);
}

void
extraction_pool_free(struct extraction_pool *pool)
{
	struct extraction *x;

	if (pool == NULL)
		return;
	while ((x = TAILQ_FIRST(&pool->waiting)) != NULL ||
	    (x = TAILQ_FIRST(&pool->running)) != NULL) {
		extraction_remove(x);
		extraction_free(x);
	}
	event_free(pool->gone);
	event_free(pool->again);
	closefd(&pool->spawner);
	free(pool);
}

/* Ends a job with its document. */
static void
extraction_finish(struct extraction *x, struct document *doc)
{
	struct extraction_pool *pool = x->pool;
	extraction_done *done = x->done;
	void *arg = x->arg;

	extraction_remove(x);
	extraction_free(x);
	extraction_pool_run(pool);
	done(arg, doc);
}

static void
extraction_finish_damaged(struct extraction *x, const char *detail)
{
	extraction_finish(x, document_unread(REASON_DAMAGED, detail));
}

/* The child has closed its output: with a whole result, or it was killed. */
static void
extraction_finish_output(struct extraction *x)
{
	struct document *doc = document_decode(&x->bytes);

	if (doc != NULL)
		extraction_finish(x, doc);
	else
		extraction_finish_damaged(
		    x, "it cannot be read within the limits of memory and time");
}

static void
extraction_on_output(evutil_socket_t fd, short what, void *arg)
{
	struct extraction *x = arg;
	uint8_t *to;
	ssize_t n;

	if (what & EV_TIMEOUT) {
		extraction_finish_damaged(x, "it cannot be read within the limit of time");
		return;
	}
	to = buf_reserve(&x->bytes, READ_SIZE);
	if (to == NULL) {
		extraction_finish_damaged(x, "it has too much text");
		return;
	}
	n = read(fd, to, READ_SIZE);
	if (n > 0)
		buf_commit(&x->bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		extraction_finish_output(x);
}

/* False: there is no free file descriptor. The job waits. */
static bool
extraction_run(struct extraction *x)
{
	const struct timeval patience = {GIVE_UP_SECONDS, 0};
	struct extraction_pool *pool = x->pool;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1) {
		const struct timeval in = {AGAIN_SECONDS, 0};

		log_event(LOG_ERROR, "extraction_waits", L_ERRNO());
		must(evtimer_add(pool->again, &in) == 0);
		return false;
	}
	must(fd_nonblock(ends[0]) == 0);
	/* At most a few jobs are under way: the socket has room. */
	must(spawner_send(pool->spawner, buf_slice(&x->args), x->in, ends[1]) == 0);
	closefd(&ends[1]);
	closefd(&x->in);
	extraction_remove(x);
	x->out = ends[0];
	x->event = event_new(pool->base, x->out, EV_READ | EV_PERSIST, extraction_on_output, x);
	must(x->event != NULL && event_add(x->event, &patience) == 0);
	TAILQ_INSERT_TAIL(&pool->running, x, next);
	pool->n_running++;
	return true;
}

void
extraction_pool_run(struct extraction_pool *pool)
{
	struct extraction *x, *next;

	for (x = TAILQ_FIRST(&pool->waiting);
	     x != NULL && pool->n_running < EXTRACTION_RUNNING &&
	     document_bytes_held() < EXTRACTION_HELD_MAX;
	     x = next) {
		next = TAILQ_NEXT(x, next);
		if (x->ready == NULL && !extraction_run(x))
			return;
	}
}

static void
extraction_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct extraction *x = arg;
	struct document *doc = x->ready;

	(void)fd;
	(void)what;
	x->ready = NULL;
	extraction_finish(x, doc);
}

/* Ends the job from the event loop, without a child. */
static void
extraction_answer(struct extraction *x, uint8_t reason, const char *detail)
{
	const struct timeval now = {0, 0};

	x->ready = document_unread(reason, detail);
	x->event = event_new(x->pool->base, -1, 0, extraction_on_ready, x);
	must(x->event != NULL && event_add(x->event, &now) == 0);
}

/* A file in memory with these bytes, which nobody can change; -1 with errno: there is no free file descriptor. */
static int
extraction_file(struct slice bytes)
{
	int fd = memfd_create("document", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return -1;
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		must(n > 0);
		bytes.p += n;
		bytes.len -= (size_t)n;
	}
	must(lseek(fd, 0, SEEK_SET) == 0);
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) == 0);
	return fd;
}

/* Up to the first NUL; without what is too long. */
static void
extraction_add_argument(struct buf *args, struct slice text, size_t max)
{
	text.len =
	    text.len > 0 && text.len <= max ? strnlen((const char *)text.p, text.len) : 0;
	must(buf_append(args, text.p, text.len) == 0);
	must(buf_append(args, "", 1) == 0);
}

bool
extraction_reads(struct slice type)
{
	return formats_of_type(type) != FORMAT_NONE;
}

struct extraction *
extraction_start(struct extraction_pool *pool, const struct extraction_job *job,
    extraction_done *done, void *arg)
{
	struct extraction *x = xcalloc(1, sizeof(*x));

	x->pool = pool;
	x->done = done;
	x->arg = arg;
	x->in = x->out = -1;
	buf_init(&x->args, SPAWNER_RECORD_MAX);
	buf_init(&x->bytes, DOCUMENT_MAX + READ_SIZE);
	TAILQ_INSERT_TAIL(&pool->waiting, x, next);
	pool->n_waiting++;
	if (!extraction_reads(job->type)) {
		extraction_answer(x, REASON_TYPE, "");
	} else if (job->bytes.len > EXTRACTION_BYTES_MAX) {
		extraction_answer(x, REASON_SIZE, "");
	} else {
		extraction_add_argument(&x->args, job->type, 100);
		extraction_add_argument(&x->args, job->charset, 100);
		extraction_add_argument(&x->args, job->url, DOCUMENT_URL_MAX);
		x->in = extraction_file(job->bytes);
		if (x->in != -1) {
			extraction_pool_run(pool);
			return x;
		}
		/* As after a failure of the network, it is read again. */
		log_event(LOG_ERROR, "extraction_failed", L_ERRNO());
		extraction_answer(x, REASON_NETWORK, "crawld has no free file descriptor");
	}
	return x;
}

size_t
extraction_pending(const struct extraction_pool *pool)
{
	return pool->n_waiting + pool->n_running;
}

size_t
extraction_running(const struct extraction_pool *pool)
{
	return pool->n_running;
}
