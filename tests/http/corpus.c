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

/* The current position, for error messages. */
struct place {
	const char *path;
	unsigned line;
};

[[gnu::noreturn]] static void
malformed(const struct place *at, const char *why)
{
	warnx("%s:%u: %s", at->path, at->line, why);
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
outcome_of(const struct place *at, const char *word, size_t len)
{
	int status = 0;

	if (len == 2 && memcmp(word, "ok", 2) == 0)
		return OUTCOME_OK;
	if (len == 4 && memcmp(word, "more", 4) == 0)
		return OUTCOME_MORE;
	for (size_t i = 0; i < len && i < 3; i++)
		status = 10 * status + (word[i] - '0');
	if (len != 3 || status < 400 || status > 599)
		malformed(at, "an outcome must be ok, more or a status");
	return status;
}

/* "OUTCOME…: name" */
static void
begin_case(struct corpus *c, const struct place *at, const char *line)
{
	const char *colon = strstr(line, ": ");
	struct corpus_case *new;

	if (colon == NULL)
		malformed(at, "a case starts with OUTCOME: name");
	c->cases = xreallocarray(c->cases, c->n + 1, sizeof(*c->cases));
	new = &c->cases[c->n++];
	*new = (struct corpus_case){.name = xstrdup(colon + 2)};
	buf_init(&new->bytes, CASE_MAX);
	while (line < colon) {
		size_t len = strcspn(line, " :");

		if (new->n_outcomes == CORPUS_OUTCOMES_MAX)
			malformed(at, "too many outcomes");
		new->outcomes[new->n_outcomes++] = outcome_of(at, line, len);
		line += len + (line[len] == ' ');
	}
}

static int
hex_digit(const struct place *at, char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	if (p == NULL)
		malformed(at, "\\x needs two lower-case digits");
	return (int)(p - digits);
}

/* The byte that a backslash sequence stands for; advances *p past it. */
static char
unescape(const struct place *at, const char **p)
{
	static const char names[] = "rnt0\\\"", values[] = "\r\n\t\0\\\"";
	char c = *(*p)++;
	const char *known = c == '\0' ? NULL : strchr(names, c);

	if (known != NULL)
		return values[known - names];
	if (c != 'x')
		malformed(at, "unknown escape");
	c = (char)(hex_digit(at, (*p)[0]) << 4);
	c = (char)(c | hex_digit(at, (*p)[1]));
	*p += 2;
	return c;
}

/* Parses "bytes" or "bytes"*COUNT; returns the place after it. */
static const char *
take_piece(const struct place *at, const char *p, struct buf *out)
{
	struct buf piece;
	unsigned long times = 1;

	buf_init(&piece, CASE_MAX);
	if (*p++ != '"')
		malformed(at, "a piece must start with a quote");
	while (*p != '"') {
		char c = *p++;

		if (c == '\0')
			malformed(at, "a piece must end with a quote");
		if (c == '\\')
			c = unescape(at, &p);
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
			malformed(at, "a case is too long");
	buf_clear(&piece);
	return p;
}

static void
take_line(struct corpus *c, const struct place *at, const char *line)
{
	if (line[0] == '\0' || line[0] == '#')
		return;
	if (line[0] != '\t') {
		begin_case(c, at, line);
		return;
	}
	if (c->n == 0)
		malformed(at, "bytes outside a case");
	while (*line != '\0') {
		line += strspn(line, " \t");
		line = take_piece(at, line, &c->cases[c->n - 1].bytes);
	}
}

void
corpus_load(struct corpus *c, const char *path)
{
	struct place at = {path, 0};
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	*c = (struct corpus){0};
	if (f == NULL)
		err(1, "%s", path);
	while (getline(&line, &size, f) != -1) {
		at.line++;
		line[strcspn(line, "\n")] = '\0';
		take_line(c, &at, line);
	}
	if (ferror(f))
		err(1, "%s", path);
	free(line);
	(void)fclose(f);
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
