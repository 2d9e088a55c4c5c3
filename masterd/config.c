/*
 * Settings and identity in one look, so that all that is wrong shows at once.
 */
#include "masterd/config.h"

#include <stdlib.h>
#include <string.h>

#include "proto/basics.h"
#include "proto/log.h"

#define OWNERS (OWNER_MASTER | OWNER_WORKER)

/* What one look has found, as lines of text. */
struct findings {
	size_t n; /* problems */
	char *problems, *warnings;
};

static struct findings
look(struct config *c)
{
	struct findings f = {0};
	size_t len;
	FILE *p = open_memstream(&f.problems, &len);
	FILE *w = open_memstream(&f.warnings, &len);

	must(p != NULL && w != NULL);
	f.n = settings_load(&c->settings, OWNERS, p, w);
	f.n += identity_read(&c->identity, &c->settings, p, w);
	fclose(p);
	fclose(w);
	return f;
}

static void
findings_clear(struct findings *f)
{
	free(f->problems);
	free(f->warnings);
}

void
config_read_or_exit(struct config *c)
{
	struct findings f = look(c);

	settings_tell(f.n, f.problems, f.warnings);
	findings_clear(&f);
}

/* Each line by itself, without its indent. */
static void
log_lines(enum log_level level, const char *ev, char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			log_event(level, ev, L_STR("text", line + strspn(line, " ")));
}

int
config_read_again(struct config *c)
{
	struct findings f = look(c);
	int result = f.n == 0 ? 0 : -1;

	log_lines(LOG_WARN, "settings_warning", f.warnings);
	log_lines(LOG_ERROR, "settings_problem", f.problems);
	findings_clear(&f);
	if (result == -1)
		config_clear(c);
	return result;
}

void
config_clear(struct config *c)
{
	settings_clear(&c->settings);
	identity_clear(&c->identity);
}
