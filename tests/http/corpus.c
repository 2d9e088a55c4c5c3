/*
 * Parses corpus.txt, line by line.
 */
#include "tests/http/corpus.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define CASE_MAX (1024u * 1024)

struct corpus_file {
	const char *path;
	unsigned line; /* the current one, for error messages */
	struct corpus *corpus;
	struct buf before, after; /* of `around` */
	bool in_case;
};

[[gnu::noreturn]] static void
malformed(const struct corpus_file *f, const char *why)
{
	warnx("%s:%u: %s", f->path, f->line, why);
	exit(1);
}

const char *
outcome_name(int outcome, char text[16])
{
	if (outcome == OUTCOME_OK)
		return "ok";
	if (outcome == OUTCOME_MORE)
		return "more";
	(void)snprintf(text, 16, "%d", outcome);
	return text;
}

/* "ok", "more" or a status. */
static int
outcome_of(const struct corpus_file *f, const char *word, size_t len)
{
	int status = 0;

	if (len == 2 && memcmp(word, "ok", 2) == 0)
		return OUTCOME_OK;
	if (len == 4 && memcmp(word, "more", 4) == 0)
		return OUTCOME_MORE;
	for (size_t i = 0; i < len && i < 3; i++)
		status = 10 * status + (word[i] - '0');
	if (len != 3 || status < 400 || status > 599)
		malformed(f, "an outcome must be ok, more or a status");
	return status;
}

static int
hex_digit(const struct corpus_file *f, char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	if (p == NULL)
		malformed(f, "\\x needs two lower-case digits");
	return (int)(p - digits);
}

/* The byte that a backslash sequence stands for; advances *p past it. */
static char
unescape(const struct corpus_file *f, const char **p)
{
	static const char names[] = "rnt0\\\"", values[] = "\r\n\t\0\\\"";
	char c = *(*p)++;
	const char *known = c == '\0' ? NULL : strchr(names, c);

	if (known != NULL)
		return values[known - names];
	if (c != 'x')
		malformed(f, "unknown escape");
	c = (char)(hex_digit(f, (*p)[0]) << 4);
	c = (char)(c | hex_digit(f, (*p)[1]));
	*p += 2;
	return c;
}

/* Parses "bytes" or "bytes"*COUNT, and spaces; returns the place after them. */
static const char *
take_piece(const struct corpus_file *f, const char *p, struct buf *out)
{
	struct buf piece;
	unsigned long times = 1;

	buf_init(&piece, CASE_MAX);
	if (*p++ != '"')
		malformed(f, "a piece must start with a quote");
	while (*p != '"') {
		char c = *p++;

		if (c == '\0')
			malformed(f, "a piece must end with a quote");
		if (c == '\\')
			c = unescape(f, &p);
		must(buf_append(&piece, &c, 1) == 0);
	}
	p++;
	if (*p == '*') {
		char *end;

		times = strtoul(p + 1, &end, 10);
		p = end;
	}
	while (times-- > 0)
		if (buf_append(out, buf_data(&piece), buf_len(&piece)) == -1)
			malformed(f, "a case is too long");
	buf_clear(&piece);
	return p + strspn(p, " ");
}

static void
take_pieces(const struct corpus_file *f, const char *p)
{
	while (*p != '\0')
		p = take_piece(f, p, &f->corpus->cases[f->corpus->n - 1].bytes);
}

/* "OUTCOME…: name", and often the first bytes. */
static void
begin_case(struct corpus_file *f, char *line)
{
	size_t name_end = strcspn(line, "\"");
	const char *colon = strstr(line, ": ");
	struct corpus *c = f->corpus;
	struct corpus_case *new;

	if (colon == NULL)
		malformed(f, "a case starts with OUTCOME: name");
	c->cases = xreallocarray(c->cases, c->n + 1, sizeof(*c->cases));
	new = &c->cases[c->n++];
	*new = (struct corpus_case){0};
	buf_init(&new->bytes, CASE_MAX);
	must(buf_append(&new->bytes, buf_data(&f->before), buf_len(&f->before)) == 0);
	take_pieces(f, line + name_end);
	while (name_end > 0 && line[name_end - 1] == ' ')
		name_end--;
	line[name_end] = '\0';
	new->name = xstrdup(colon + 2);
	while (line < colon) {
		size_t len = strcspn(line, " :");

		if (new->n_outcomes == CORPUS_OUTCOMES_MAX)
			malformed(f, "too many outcomes");
		new->outcomes[new->n_outcomes++] = outcome_of(f, line, len);
		line += len + (line[len] == ' ');
	}
	f->in_case = true;
}

static void
end_case(struct corpus_file *f)
{
	struct corpus *c = f->corpus;

	if (f->in_case &&
	    buf_append(&c->cases[c->n - 1].bytes, buf_data(&f->after), buf_len(&f->after)) ==
		-1)
		malformed(f, "a case is too long");
	f->in_case = false;
}

static void
take_line(struct corpus_file *f, char *line)
{
	static const char around[] = "around ";

	if (line[0] == '\t') {
		if (!f->in_case)
			malformed(f, "bytes outside a case");
		take_pieces(f, line + 1);
		return;
	}
	end_case(f);
	if (strncmp(line, "## ", 3) == 0 || strncmp(line, around, sizeof(around) - 1) == 0) {
		buf_reset(&f->before);
		buf_reset(&f->after);
	}
	if (line[0] == '\0' || line[0] == '#')
		return;
	if (strncmp(line, around, sizeof(around) - 1) == 0)
		take_piece(f, take_piece(f, line + sizeof(around) - 1, &f->before), &f->after);
	else
		begin_case(f, line);
}

void
corpus_load(struct corpus *c, const char *path)
{
	struct corpus_file f = {.path = path, .corpus = c};
	FILE *stream = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	*c = (struct corpus){0};
	if (stream == NULL)
		err(1, "%s", path);
	buf_init(&f.before, CASE_MAX);
	buf_init(&f.after, CASE_MAX);
	while (getline(&line, &size, stream) != -1) {
		f.line++;
		line[strcspn(line, "\n")] = '\0';
		take_line(&f, line);
	}
	end_case(&f);
	if (ferror(stream))
		err(1, "%s", path);
	free(line);
	buf_clear(&f.before);
	buf_clear(&f.after);
	(void)fclose(stream);
}

void
corpus_clear(struct corpus *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->cases[i].name);
		buf_clear(&c->cases[i].bytes);
	}
	free(c->cases);
	*c = (struct corpus){0};
}
