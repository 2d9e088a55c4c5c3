/*
 * Two queues under one lock between loop and thread: waiting jobs and done jobs. The thread writes to an
 * eventfd(2) after each job, which wakes the loop.
 *
 * While a job runs, the thread owns its password, text and result; everything else of a job always
 * belongs to the loop.
 */
#include "workerd/api/admin/password_hasher.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* Assumed duration of a job before the first has run. */
#define JOB_MS 250

enum work { WORK_VERIFY, WORK_HASH, WORKS };

TAILQ_HEAD(jobs, password_hasher_job);

struct password_hasher_job {
	TAILQ_ENTRY(password_hasher_job) link;
	struct password_hasher *hasher;
	password_hasher_done_fn *fn; /* NULL: cancelled */
	void *arg;
	bool waits; /* under the lock: not started yet */
	enum work work;
	enum password_verdict verdict;
	bool hashed; /* text is the result */
	char text[PASSWORD_TEXT_SIZE];
	size_t len;
	uint8_t password[];
};

struct password_hasher {
	pthread_t thread;
	struct event *event;
	int fd;
	size_t jobs[WORKS]; /* of the loop: unanswered jobs by kind */
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct jobs waiting, done;
	uint64_t job_ms; /* duration of the last job */
	bool ends;
};

static void
password_hasher_job_free(struct password_hasher_job *job)
{
	explicit_bzero(job->password, job->len);
	free(job);
}

static void
password_hasher_jobs_free(struct jobs *jobs)
{
	struct password_hasher_job *job;

	while ((job = TAILQ_FIRST(jobs)) != NULL) {
		TAILQ_REMOVE(jobs, job, link);
		password_hasher_job_free(job);
	}
}

static void
password_hasher_do_job(struct password_hasher_job *job)
{
	struct slice password = {job->password, job->len};

	if (job->work == WORK_VERIFY)
		job->verdict = password_verify(password, slice_str(job->text));
	else
		job->hashed = password_hash(password, job->text) == 0;
	explicit_bzero(job->password, job->len);
}

/* The 64-bit counter of an eventfd cannot overflow here. */
static void
password_hasher_wake_loop(const struct password_hasher *h)
{
	static const uint64_t one = 1;

	must(write(h->fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
}

/* Waits for the next job and marks it as started; NULL: end the thread. */
static struct password_hasher_job *
password_hasher_take_job(struct password_hasher *h)
{
	struct password_hasher_job *job;

	pthread_mutex_lock(&h->lock);
	while (!h->ends && TAILQ_EMPTY(&h->waiting))
		pthread_cond_wait(&h->work, &h->lock);
	job = h->ends ? NULL : TAILQ_FIRST(&h->waiting);
	if (job != NULL) {
		TAILQ_REMOVE(&h->waiting, job, link);
		job->waits = false;
	}
	pthread_mutex_unlock(&h->lock);
	return job;
}

static void *
password_hasher_run(void *arg)
{
	struct password_hasher *h = arg;
	struct password_hasher_job *job;

	while ((job = password_hasher_take_job(h)) != NULL) {
		uint64_t began_ms = clock_mono_ms();

		password_hasher_do_job(job);
		pthread_mutex_lock(&h->lock);
		h->job_ms = clock_mono_ms() - began_ms;
		TAILQ_INSERT_TAIL(&h->done, job, link);
		pthread_mutex_unlock(&h->lock);
		password_hasher_wake_loop(h);
	}
	return NULL;
}

static struct password_hasher_job *
password_hasher_take_done(struct password_hasher *h)
{
	struct password_hasher_job *job;

	pthread_mutex_lock(&h->lock);
	job = TAILQ_FIRST(&h->done);
	if (job != NULL)
		TAILQ_REMOVE(&h->done, job, link);
	pthread_mutex_unlock(&h->lock);
	return job;
}

static void
password_hasher_on_done(evutil_socket_t fd, short what, void *arg)
{
	struct password_hasher *h = arg;
	struct password_hasher_job *job;
	uint64_t count;

	(void)what;
	must(read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count) || errno == EAGAIN);
	while ((job = password_hasher_take_done(h)) != NULL) {
		h->jobs[job->work]--;
		if (job->fn != NULL)
			job->fn(job->arg, job->verdict, job->hashed ? job->text : NULL);
		password_hasher_job_free(job);
	}
}

static size_t
password_hasher_count_jobs(const struct password_hasher *h)
{
	return h->jobs[WORK_VERIFY] + h->jobs[WORK_HASH];
}

static struct password_hasher_job *
password_hasher_add(struct password_hasher *h, enum work work, struct slice password,
    password_hasher_done_fn *fn, void *arg)
{
	struct password_hasher_job *job;

	must(password.len <= PASSWORD_MAX);
	if (password_hasher_count_jobs(h) == PASSWORD_HASHER_JOBS_MAX ||
	    (work == WORK_HASH && h->jobs[work] == PASSWORD_HASHER_NEW_MAX)) {
		log_event(
		    LOG_WARN, "hasher_full", L_UINT("jobs", password_hasher_count_jobs(h)));
		return NULL;
	}
	h->jobs[work]++;
	job = xcalloc(1, sizeof(*job) + password.len);
	job->hasher = h;
	job->fn = fn;
	job->arg = arg;
	job->waits = true;
	job->work = work;
	job->verdict = PASSWORD_ERROR;
	job->len = password.len;
	if (password.len > 0)
		memcpy(job->password, password.p, password.len);
	return job;
}

static struct password_hasher_job *
password_hasher_hand_over(struct password_hasher_job *job)
{
	struct password_hasher *h = job->hasher;

	pthread_mutex_lock(&h->lock);
	TAILQ_INSERT_TAIL(&h->waiting, job, link);
	pthread_cond_signal(&h->work);
	pthread_mutex_unlock(&h->lock);
	return job;
}

struct password_hasher_job *
password_hasher_verify(struct password_hasher *h, struct slice password, struct slice text,
    password_hasher_done_fn *fn, void *arg)
{
	struct password_hasher_job *job =
	    password_hasher_add(h, WORK_VERIFY, password, fn, arg);

	if (job == NULL)
		return NULL;
	/* A text that is too long is cut, which makes it an invalid hash. */
	for (size_t i = 0; i < text.len && i < PASSWORD_TEXT_SIZE - 1; i++)
		job->text[i] = (char)text.p[i];
	return password_hasher_hand_over(job);
}

struct password_hasher_job *
password_hasher_hash(
    struct password_hasher *h, struct slice password, password_hasher_done_fn *fn, void *arg)
{
	struct password_hasher_job *job = password_hasher_add(h, WORK_HASH, password, fn, arg);

	return job == NULL ? NULL : password_hasher_hand_over(job);
}

void
password_hasher_forget(struct password_hasher_job *job)
{
	struct password_hasher *h = job->hasher;
	bool waits;

	pthread_mutex_lock(&h->lock);
	waits = job->waits;
	if (waits)
		TAILQ_REMOVE(&h->waiting, job, link);
	pthread_mutex_unlock(&h->lock);
	job->fn = NULL;
	if (!waits)
		return;
	h->jobs[job->work]--;
	password_hasher_job_free(job);
}

unsigned
password_hasher_retry_after(struct password_hasher *h)
{
	uint64_t ms;

	pthread_mutex_lock(&h->lock);
	ms = h->job_ms * password_hasher_count_jobs(h);
	pthread_mutex_unlock(&h->lock);
	return (unsigned)(ms / 1000 + 1);
}

/* With all signals blocked: the loop's thread handles them. */
static void
password_hasher_start_thread(struct password_hasher *h)
{
	sigset_t all, before;

	sigfillset(&all);
	must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
	must(pthread_create(&h->thread, NULL, password_hasher_run, h) == 0);
	must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

struct password_hasher *
password_hasher_new(struct event_base *base)
{
	struct password_hasher *h = xcalloc(1, sizeof(*h));

	h->job_ms = JOB_MS;
	TAILQ_INIT(&h->waiting);
	TAILQ_INIT(&h->done);
	must(pthread_mutex_init(&h->lock, NULL) == 0);
	must(pthread_cond_init(&h->work, NULL) == 0);
	h->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(h->fd != -1);
	h->event = event_new(base, h->fd, EV_READ | EV_PERSIST, password_hasher_on_done, h);
	must(h->event != NULL && event_add(h->event, NULL) == 0);
	password_hasher_start_thread(h);
	return h;
}

void
password_hasher_free(struct password_hasher *h)
{
	if (h == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	h->ends = true;
	pthread_cond_signal(&h->work);
	pthread_mutex_unlock(&h->lock);
	must(pthread_join(h->thread, NULL) == 0);
	password_hasher_jobs_free(&h->waiting);
	password_hasher_jobs_free(&h->done);
	event_free(h->event);
	closefd(&h->fd);
	pthread_cond_destroy(&h->work);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
