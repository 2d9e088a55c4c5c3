#include "workerd/crawl/extract/pdf.h"
#include "workerd/children/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/ipc/messages.h"
#include "workerd/crawl/extract/pdf_pages.h"

#define PROGRAM    "/usr/bin/pdftotext"
#define ERRORS_MAX 8192

/* pdftotext(1) */
#define STATUS_PERMISSIONS 3

static _Noreturn void
pdf_exec(int text, int errors)
{
	static char name[] = "pdftotext", option[] = "-enc", encoding[] = "UTF-8", std[] = "-";
	char *argv[] = {name, option, encoding, std, std, NULL};

	if (dup2(text, STDOUT_FILENO) == -1 || dup2(errors, STDERR_FILENO) == -1)
		_exit(127);
	/* Lost at fork(2). */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sandbox_enter_program(PROGRAM) == 0)
		(void)execv(PROGRAM, argv);
	_exit(127);
}

int
pdf_start(struct pdf *pdf)
{
	int text[2], errors[2];

	if (pipe2(text, O_CLOEXEC) == -1)
		return -1;
	if (pipe2(errors, O_CLOEXEC) == -1)
		return -1;
	pdf->pid = fork();
	if (pdf->pid == 0)
		pdf_exec(text[1], errors[1]);
	closefd(&text[1]);
	closefd(&errors[1]);
	pdf->text = text[0];
	pdf->errors = errors[0];
	return pdf->pid == -1 ? -1 : 0;
}

/* Reads a piece; closes fd at the end, or once out is full. */
static void
pdf_read_pipe(int *fd, struct buf *out, bool *full)
{
	uint8_t piece[16384];
	ssize_t n = read(*fd, piece, sizeof(piece));

	if (n > 0 && buf_append(out, piece, (size_t)n) == -1)
		*full = true;
	if (n <= 0)
		closefd(fd);
}

/* The exit status, as of wait(2). */
static int
pdf_collect(struct pdf *pdf, struct buf *text, struct buf *errors, bool *full)
{
	bool ignored;
	int status;

	while ((pdf->text != -1 || pdf->errors != -1) && !*full) {
		struct pollfd fds[] = {
		    {.fd = pdf->text, .events = POLLIN}, {.fd = pdf->errors, .events = POLLIN}};

		if (poll(fds, ARRAY_LEN(fds), -1) == -1)
			continue;
		if (fds[0].revents != 0)
			pdf_read_pipe(&pdf->text, text, full);
		if (fds[1].revents != 0)
			pdf_read_pipe(&pdf->errors, errors, &ignored);
	}
	closefd(&pdf->text);
	closefd(&pdf->errors);
	while (waitpid(pdf->pid, &status, 0) == -1)
		must(errno == EINTR);
	return status;
}

static bool
pdf_has(const struct buf *errors, const char *words)
{
	return memmem(buf_data(errors), buf_len(errors), words, strlen(words)) != NULL;
}

static void
pdf_judge(struct outcome *out, int status, const struct buf *errors)
{
	if (!WIFEXITED(status))
		outcome_fail(out, REASON_DAMAGED,
		    "pdftotext cannot read it within the limits of memory and time");
	else if (WEXITSTATUS(status) == STATUS_PERMISSIONS ||
	    (WEXITSTATUS(status) != 0 && pdf_has(errors, "ncorrect password")))
		outcome_fail(out, REASON_ENCRYPTED, "");
	else if (WEXITSTATUS(status) != 0)
		outcome_fail(out, REASON_DAMAGED, "pdftotext cannot read it");
}

void
pdf_read(struct pdf *pdf, struct outcome *out)
{
	struct buf raw, errors, text;
	bool full = false;
	int status;

	buf_init(&raw, DOCUMENT_TEXT_MAX);
	buf_init(&text, 3 * (size_t)DOCUMENT_TEXT_MAX);
	buf_init(&errors, ERRORS_MAX);
	status = pdf_collect(pdf, &raw, &errors, &full);
	if (full)
		outcome_fail(out, REASON_SIZE, "too much text");
	pdf_judge(out, status, &errors);
	must(utf8_repair(&text, buf_slice(&raw)) == 0);
	if (out->reason == REASON_NONE)
		pdf_pages_read(out, buf_slice(&text));
	buf_clear(&raw);
	buf_clear(&text);
	buf_clear(&errors);
}
