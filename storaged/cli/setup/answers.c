/*
 * One table of all answers. A valid answer to a setting stays in our environment, so that the next ones are
 * checked together with it.
 */
#include "storaged/cli/setup/answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/email.h"
#include "proto/base/password.h"
#include "proto/settings/settings.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/interactive.h"
#include "storaged/cli/files/config_dir.h"
#include "storaged/cli/setup/first_budget.h"

static const struct answer_kind {
	const char *name;
	const char *setting; /* or NULL */
	bool secret;
	const char *question; /* NULL: user_ask_password() asks */
} kinds[ANSWERS] = {
    [ANSWER_MODEL_KEY] = {"model-key", "OPENAI_API_KEY", true,
	"The key of the model server (OpenAI: sk-...; any word if the server needs none). "
	"Empty: "
	"keep the current one."},
    [ANSWER_MODEL_URL] = {"model-url", "OPENAI_BASE_URL", false,
	"The URL of the model server, for example http://localhost:11434/v1. Empty: keep the "
	"current one; the default is https://api.openai.com/v1."},
    [ANSWER_SITES] = {"sites", "CORS_ORIGIN", false,
	"The sites that show the widget, for example "
	"https://example.com,https://www.example.com. Empty: keep the current ones."},
    [ANSWER_MODEL] = {"model", "OPENAI_MODEL", false,
	"The model, by the name that this server has for it. Empty: keep the current one; the "
	"default is gpt-4.1-mini."},
    [ANSWER_OWNER_EMAIL] = {"owner-email", NULL, false,
	"The e-mail address of the first dashboard user. Empty: no user; sign in with the "
	"dashboard password."},
    [ANSWER_OWNER_PASSWORD] = {"owner-password", NULL, true, NULL},
    [ANSWER_DAILY_TOKENS] = {"daily-tokens", NULL, false,
	"The most tokens that replies may use a day, for example 2000000: it limits what "
	"strangers can cost you, and can be changed in the dashboard. Empty: no limit."},
    [ANSWER_RESTART] = {"restart", NULL, false,
	"Restart banter at the end, so that it uses the settings? yes or no. Empty: yes."},
};

static void
answers_wipe(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void
answers_clear(struct answers *a)
{
	for (size_t i = 0; i < ANSWERS; i++)
		answers_wipe(&a->text[i]);
}

int
answers_set(struct answers *a, enum answer which, const char *text)
{
	if (text == NULL)
		return 0;
	if (a->text[which] != NULL)
		return console_fail(EX_USAGE, "%s is given twice", kinds[which].name);
	a->text[which] = xstrdup(text);
	return 0;
}

bool
answers_find(struct slice name, enum answer *which)
{
	for (enum answer i = 0; i < ANSWERS; i++)
		if (slice_eq_str(name, kinds[i].name)) {
			*which = i;
			return true;
		}
	return false;
}

bool
answers_are_given(const struct answers *a)
{
	for (size_t i = 0; i < ANSWERS; i++)
		if (i != ANSWER_RESTART && a->text[i] != NULL)
			return true;
	return false;
}

bool
answers_is_yes(const char *answer)
{
	return *answer == '\0' || strcasecmp(answer, "y") == 0 ||
	    strcasecmp(answer, "yes") == 0;
}

static bool
answers_is_no(const char *answer)
{
	return strcasecmp(answer, "n") == 0 || strcasecmp(answer, "no") == 0;
}

static void
answers_set_environment(const char *name, const char *value)
{
	must((value == NULL ? unsetenv(name) : setenv(name, value, 1)) == 0);
}

/* What is wrong with a setting, if it gets this value; "" keeps the present one, which may be invalid. A
 * valid value stays in the environment. The caller frees the text; NULL if nothing is wrong. */
static char *
answers_setting_problem(const char *name, const char *value)
{
	char *before = getenv(name) == NULL ? NULL : xstrdup(getenv(name)), *problem;

	if (*value != '\0')
		answers_set_environment(name, value);
	problem = settings_problem(name, OWNER_MASTER | OWNER_WORKER);
	if (problem != NULL)
		answers_set_environment(name, before);
	free(before);
	return problem;
}

/* What is wrong with an answer that is not a setting; NULL if nothing is. */
static const char *
answers_other_problem(enum answer which, const char *text)
{
	uint64_t tokens;

	switch (which) {
	case ANSWER_OWNER_EMAIL:
		return *text == '\0' || email_valid(slice_str(text))
		    ? NULL
		    : "must be an e-mail address";
	case ANSWER_OWNER_PASSWORD:
		return password_problem(slice_str(text));
	case ANSWER_DAILY_TOKENS:
		return *text == '\0' || (first_budget_read(text, &tokens) && tokens > 0)
		    ? NULL
		    : "must be a whole number of tokens from 1 to 4000000000";
	case ANSWER_RESTART:
		return answers_is_yes(text) || answers_is_no(text) ? NULL : "must be yes or no";
	default:
		never("an answer without a setting");
	}
}

/* The daemons accept these values, but the answer is surely a mistake, or the file could not hold it. */
static const char *
answers_text_problem(const struct answer_kind *k, const char *text)
{
	if (k->secret && strchr(text, ' ') != NULL)
		return "must not contain spaces";
	return k->secret || config_dir_can_hold(text)
	    ? NULL
	    : "must not contain quotes, backslashes or '#'";
}

/* What is wrong with an answer, as "NAME rule"; the caller frees the text. NULL if it is valid. */
static char *
answers_problem(enum answer which, const char *text)
{
	const struct answer_kind *k = &kinds[which];
	const char *problem = k->setting == NULL ? answers_other_problem(which, text)
						 : answers_text_problem(k, text);
	char *owned = NULL, *line = NULL;

	if (problem == NULL && k->setting != NULL)
		problem = owned = answers_setting_problem(k->setting, text);
	if (problem != NULL)
		must(asprintf(&line, "%s: %s", k->name, problem) != -1);
	free(owned);
	return line;
}

static char *
answers_question_problem(const struct question *q, const char *answer)
{
	return answers_problem((enum answer)q->kind, answer);
}

/* 0, or EX_CONFIG after an error message. */
static int
answers_check(enum answer which, const char *text)
{
	char *problem = answers_problem(which, text);
	int status = problem == NULL ? 0 : console_fail(EX_CONFIG, "%s", problem);

	free(problem);
	return status;
}

int
answers_ask(struct answers *a, enum answer which)
{
	const struct question q = {
	    kinds[which].question, kinds[which].secret, answers_question_problem, (int)which};
	char text[CONFIG_VALUE_MAX];
	int status;

	if (a->text[which] != NULL)
		return answers_check(which, a->text[which]);
	status = interactive_ask(&q, text, sizeof(text));
	if (status == 0)
		a->text[which] = xstrdup(text);
	explicit_bzero(text, sizeof(text));
	return status;
}

int
answers_check_all(const struct answers *a)
{
	int status = 0;

	for (enum answer i = 0; i < ANSWERS; i++) {
		const char *text = a->text[i];

		if ((text != NULL || kinds[i].setting != NULL) &&
		    answers_check(i, text == NULL ? "" : text) != 0)
			status = EX_CONFIG;
	}
	return status;
}

int
answers_save(const struct answers *a, const char *dir)
{
	int status = 0;

	for (size_t i = 0; i < ANSWERS && status == 0; i++) {
		const char *name = kinds[i].setting, *text = a->text[i];

		if (name == NULL || text == NULL || *text == '\0')
			continue;
		status = kinds[i].secret ? config_dir_write_secret(dir, name, text)
					 : config_dir_set(dir, name, text);
		/* From now on it comes from its file, as for the service. */
		if (kinds[i].secret)
			answers_set_environment(name, NULL);
	}
	return status;
}
