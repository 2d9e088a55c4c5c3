/*
 * Finds a channel, and checks the proof of its adapter.
 */
#include "workerd/api/channels/channel_query.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/webhooks/channel_proof.h"

#define ANSWER_MAX 4096u

static const char missing[] = "Channel not found";

static void
channel_query_on_record(void *arg, uint16_t type, const union msg *m)
{
	struct channel_query *q = arg;
	const struct http_exchange *x = q->q.x;
	const struct channel_proof proof = {
	    .id = http_header(x->req, "webhook-id"),
	    .timestamp = http_header(x->req, "webhook-timestamp"),
	    .signatures = http_header(x->req, "webhook-signature"),
	    .body = x->body,
	};
	struct msg_webhook_record channel;
	const char *fault;

	if (!msg_read_record(type, m, MSG_WEBHOOK_RECORD, &channel)) {
		store_query_fail(&q->q, type, m);
		return;
	}
	fault = channel_proof_fault(&channel, &proof, clock_wall_ms());
	if (fault != NULL) {
		log_event(LOG_WARN, "channel_refused", L_ID("channel", &channel.id),
		    L_STR("why", fault));
		store_query_refuse(&q->q, 401, "invalid_signature", fault);
		return;
	}
	if (!channel.enabled) {
		store_query_refuse(&q->q, 409, "disabled", "The channel is disabled");
		return;
	}
	q->q.org = channel.org;
	q->channel = channel.id;
	q->widget = channel.widget;
	q->found(q);
}

void
channel_query_start(const struct api_call *c, size_t size, channel_found_fn *found,
    void (*on_end)(struct store_query *q))
{
	struct msg_record_get get = {.kind = MSG_WEBHOOK_RECORD};
	char name[ID_TEXT_LEN + 1];
	struct channel_query *q;
	struct id channel;

	if (!api_path_id(c, "Invalid channelId", &channel))
		return;
	id_format(&channel, name);
	get.name = slice_str(name);
	must(size >= sizeof(*q));
	q = store_query_new(c, size, ANSWER_MAX, missing);
	q->q.on_end = on_end;
	q->call = *c;
	q->call.explains = true;
	q->found = found;
	store_query_ask(&q->q, MSG_RECORD_GET, &get, channel_query_on_record);
}

void
channel_query_refuse_body(struct channel_query *q, const char *details)
{
	const struct api_call c = q->call;

	(void)store_query_done(&q->q);
	api_reply_invalid_body(&c, details);
}
