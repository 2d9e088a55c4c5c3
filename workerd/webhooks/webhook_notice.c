/*
 * The table of notices.
 */
#include "workerd/webhooks/webhook_notice.h"

#include "proto/base/basics.h"

static const struct {
	const char *code, *text;
} notices[] = {
    [WEBHOOK_NOTICE_GIVEN_UP] = {"given_up",
	"Deliveries have failed for 3 days, so the webhook was disabled. Enable it again when "
	"its "
	"URL works."},
    [WEBHOOK_NOTICE_LOST] = {"lost",
	"Some events were not delivered, because they were older than the change feed."},
    [WEBHOOK_NOTICE_ENDED] = {"ended",
	"The receiver has answered with status 410, so the webhook was disabled."},
    [WEBHOOK_NOTICE_STANDS] = {"stands",
	"Events wait for more than a minute, because the webhook's URL does not accept the "
	"deliveries before them. They are delivered when it does."},
};

const char *
webhook_notice_text(enum webhook_notice notice)
{
	return notices[notice].text;
}

const char *
webhook_notice_code(struct slice text)
{
	for (size_t i = 0; i < ARRAY_LEN(notices); i++)
		if (slice_eq_str(text, notices[i].text))
			return notices[i].code;
	return NULL;
}
