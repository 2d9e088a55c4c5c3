/*
 * Replies: pieces, ends and interruptions. All within the caller's transaction.
 */
#include "storaged/conversations/replies.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "proto/ipc/room_id.h"
#include "storaged/budgets/spenders.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/reply_sources.h"
#include "storaged/numbers/numbers.h"

int
reply_open(struct txn *t, const struct id *turn, const struct id *run,
    const struct id *conversation, const struct reply_writer *writer)
{
	struct msg_open_turn_record open = {
	    .v = RECORD_VERSION,
	    .started_at = clock_wall_ms(),
	    .conversation = *conversation,
	    .run = *run,
	    .agent = writer->agent,
	    .reserved_prompt = writer->reserved.prompt,
	    .reserved_completion = writer->reserved.completion,
	    .network = writer->by.of[SPENDER_NETWORK],
	    .session = writer->by.of[SPENDER_SESSION],
	};
	struct key key = key_id(turn);
	int rc = txn_put_record(t, TABLE_OPEN_TURNS, &key, &open);

	if (rc != 0 || writer->reserved.prompt + writer->reserved.completion == 0)
		return rc;
	return budgets_reserve(
	    t, &writer->org, &writer->widget, &writer->by, open.started_at, &writer->reserved);
}

/* Opens a turn whose text so far lies in t->env->text. */
static int
reply_open_with_text(struct txn *t, const struct turn_view *v, const struct id *run,
    const struct reply_writer *writer)
{
	struct buf *text = &t->env->text;
	int rc = reply_open(t, &v->id, run, &v->place.conversation, writer);

	if (rc == 0 && buf_len(text) > 0)
		rc = reply_add_piece(t, &v->id, 0, buf_slice(text));
	return rc;
}

static int
reply_add_change(struct txn *t, const struct turn_view *v, enum change_what what)
{
	const struct msg_turn_record *place = &v->place;

	return change_add_message(
	    t, &place->org, CHANGE_REPLY, &v->id, &place->conversation, place->seq, what);
}

int
reply_reopen(struct txn *t, const struct turn_view *v, const struct id *run,
    const struct reply_writer *writer)
{
	/* Before the first change, which may move what lies in the map. */
	int rc = reply_collect(t, v);

	if (rc == 0)
		rc = conversation_reopen(t, &v->place);
	if (rc == 0)
		rc = reply_add_change(t, v, CHANGE_STARTED);
	return rc != 0 ? rc : reply_open_with_text(t, v, run, writer);
}

int
reply_restart(struct txn *t, const struct turn_view *v, const struct id *run,
    const struct reply_writer *writer)
{
	struct budget_use use = {.org = v->place.org,
	    .widget = writer->widget,
	    .turn = v->id,
	    .unknown = true,
	    .paid = reply_tokens_paid(v)};
	int rc;

	if (v->state != TURN_OPEN)
		return reply_reopen(t, v, run, writer);
	rc = reply_collect_pieces(t, &v->id);
	use.text = buf_len(&t->env->text);
	if (rc == 0)
		rc = reply_close(t, &use);
	return rc != 0 ? rc : reply_open_with_text(t, v, run, writer);
}

int
reply_add_piece(struct txn *t, const struct id *turn, uint32_t offset, struct slice text)
{
	struct key key = key_piece(turn, offset);

	return txn_put(t, TABLE_PARTIALS, &key, text);
}

int
reply_put_sources(struct txn *t, const struct id *turn, struct slice sources)
{
	struct key key = key_piece(turn, PARTIAL_SOURCES);

	return txn_put(t, TABLE_PARTIALS, &key, sources);
}

/*
 * Appends the part of a piece that lies behind the text so far; offset is where the piece starts. False
 * when it leaves a gap, or when the overlap ends inside one of its characters (10xxxxxx, RFC 3629): then
 * only the text before it can be trusted.
 */
static bool
reply_append_piece(struct buf *text, uint32_t offset, struct slice piece)
{
	size_t known = buf_len(text);
	size_t overlap;

	if (offset > known)
		return false;
	overlap = known - offset;
	if (overlap >= piece.len)
		return true;
	if ((piece.p[overlap] & 0xc0) == 0x80)
		return false;
	return buf_append(text, piece.p + overlap, piece.len - overlap) == 0;
}

int
reply_collect_pieces(struct txn *t, const struct id *turn)
{
	struct key front = key_id(turn);
	struct walk w;
	int rc;

	buf_reset(&t->env->text);
	rc = walk_open(&w, t, TABLE_PARTIALS, &front);
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0 && piece_place(w.key) != PARTIAL_SOURCES &&
	    reply_append_piece(&t->env->text, piece_place(w.key), w.value))
		rc = walk_next(&w);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
reply_collect(struct txn *t, const struct turn_view *v)
{
	struct buf *text = &t->env->text;

	if (v->state == TURN_OPEN)
		return reply_collect_pieces(t, &v->id);
	buf_reset(text);
	if (v->has_message)
		must(buf_append(text, v->message.text.p, v->message.text.len) == 0);
	return 0;
}

int
reply_close(struct txn *t, const struct budget_use *use)
{
	struct key front = key_id(&use->turn);
	int rc = budgets_settle(t, use);

	if (rc == 0)
		rc = txn_del(t, TABLE_OPEN_TURNS, &front);
	return rc != 0 ? rc : txn_del_all(t, TABLE_PARTIALS, &front);
}

static enum change_what
reply_ended(enum message_status status)
{
	if (status == MESSAGE_STOPPED)
		return CHANGE_STOPPED;
	return status == MESSAGE_INTERRUPTED ? CHANGE_INTERRUPTED : CHANGE_COMPLETE;
}

uint64_t
reply_tokens_paid(const struct turn_view *v)
{
	return v->reserved_prompt > 0 ? 0 : v->estimated;
}

/* The tokens of a reply: as its worker reports them, or else an estimate, which is never less than what was paid. */
static uint64_t
reply_tokens(const struct turn_view *v, const struct reply_ending *ending)
{
	uint64_t paid = reply_tokens_paid(v), tokens;

	if (!ending->unknown)
		return (uint64_t)ending->prompt_tokens + ending->completion_tokens +
		    ending->estimated;
	tokens = budget_estimate(v->reserved_prompt, v->reserved_completion, ending->text.len);
	return tokens > paid ? tokens : paid;
}

/* The tokens that a reply pays now; negative if an estimate was too high. It has paid before if its message is damaged. */
static int64_t
reply_tokens_due(const struct turn_view *v, const struct reply_ending *ending)
{
	return v->state == TURN_DAMAGED
	    ? 0
	    : (int64_t)reply_tokens(v, ending) - (int64_t)reply_tokens_paid(v);
}

/* What an interrupted reply has paid, in case that it continues. */
static uint32_t
reply_tokens_estimated(const struct turn_view *v, const struct reply_ending *ending)
{
	if (ending->status != MESSAGE_INTERRUPTED || v->state == TURN_DAMAGED ||
	    v->reserved_prompt + reply_tokens_paid(v) == 0)
		return 0;
	return (uint32_t)reply_tokens(v, ending);
}

static struct slice
reply_encode_details(
    struct txn *t, const struct turn_view *v, const struct reply_ending *ending)
{
	const struct msg_message_details details = {
	    .author = v->agent,
	    .model = ending->model,
	    .first_token_ms = ending->first_token_ms,
	    .total_ms = ending->total_ms,
	    .attempts = ending->attempts,
	    .estimated = reply_tokens_estimated(v, ending),
	};
	struct buf *out = &t->env->details;

	buf_reset(out);
	must(record_encode(out, MSG_MESSAGE_DETAILS, &details) == 0);
	return buf_slice(out);
}

/* What was found for the reply. One that broke off keeps that of its last checkpoint, or what was stored with its text
 * before. */
static int
reply_sources(struct txn *t, const struct turn_view *v, const struct reply_ending *ending,
    struct slice *sources)
{
	bool broke_off =
	    ending->status == MESSAGE_INTERRUPTED || ending->status == MESSAGE_STOPPED;
	struct key key = key_piece(&v->id, PARTIAL_SOURCES);
	struct buf *kept = &t->env->sources;
	int rc;

	*sources = ending->sources;
	if (sources->len > 0 || !broke_off)
		return 0;
	rc = txn_get(t, TABLE_PARTIALS, &key, sources);
	if (rc == MDB_NOTFOUND && v->has_message)
		*sources = v->message.sources;
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	buf_reset(kept);
	/* A damaged one is left out. */
	if (sources->len <= buf_room(kept) && reply_sources_are_valid(*sources))
		must(buf_append(kept, sources->p, sources->len) == 0);
	*sources = buf_slice(kept);
	return 0;
}

/* What a reply pays when it ends. Its turn names who spends, except what was paid before. */
static int
reply_use(struct txn *t, const struct turn_view *v, const struct reply_ending *ending,
    const struct msg_conversation_record *conversation, struct budget_use *use)
{
	const struct spender_names names = {
	    conversation->org, conversation->widget, conversation->session, ending->network};

	*use = (struct budget_use){
	    .org = conversation->org,
	    .widget = conversation->widget,
	    .turn = v->id,
	    .tokens = reply_tokens_due(v, ending),
	    .paid_at = reply_tokens_paid(v) > 0 ? v->place.paid_day * CLOCK_DAY_MS : 0,
	};
	if (v->state == TURN_OPEN && use->paid_at == 0)
		return 0;
	return spenders_find(
	    t, &names, use->paid_at != 0 ? use->paid_at : clock_wall_ms(), &use->by);
}

/* The model asks for a person; conversation_add() sets the state. */
static void
reply_count_hand_over(struct txn *t, const struct turn_view *v,
    const struct msg_conversation_record *conversation)
{
	if (conversation->state == STATE_PERSON || conversation->state == STATE_WAITING)
		return;
	numbers_add_handover(t, &conversation->org, &conversation->widget, &v->agent);
}

/* Notes the day that has paid an estimate of an open turn. */
static int
reply_note_paid(struct txn *t, const struct turn_view *v, const struct reply_ending *ending)
{
	const struct key key = key_id(&v->id);
	struct msg_turn_record place = v->place;

	if (v->state != TURN_OPEN || reply_tokens_estimated(v, ending) == 0 ||
	    reply_tokens_paid(v) > 0)
		return 0;
	place.paid_day = budget_period_number(BUDGET_DAY, v->started_at);
	return txn_put_record(t, TABLE_TURNS, &key, &place);
}

int
reply_end(struct txn *t, const struct turn_view *v, const struct reply_ending *ending)
{
	struct key conversation_key = key_id(&v->place.conversation);
	struct key message_key = key_message(&v->place.conversation, v->place.seq);
	struct msg_conversation_record conversation;
	struct new_message arrival = {
	    .text = ending->text,
	    .now = clock_wall_ms(),
	    .replaces = v->has_message,
	    .hand_over = ending->hand_over,
	    .reply = v->place.seq,
	    .status = conversation_status_of(ending->status),
	};
	struct msg_message_record message = {
	    .v = RECORD_VERSION,
	    .id = v->id,
	    .role = MESSAGE_ASSISTANT,
	    .status = (uint8_t)ending->status,
	    .created_at = arrival.now,
	    .prompt_tokens = ending->prompt_tokens,
	    .completion_tokens = ending->completion_tokens,
	    .text = ending->text,
	    .details = reply_encode_details(t, v, ending),
	};
	struct budget_use use;
	int rc = reply_sources(t, v, ending, &message.sources);

	if (rc != 0)
		return rc;
	rc = txn_get_record(t, TABLE_CONVERSATIONS, &conversation_key, &conversation);
	if (rc == 0)
		rc = reply_use(t, v, ending, &conversation, &use);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	if (ending->hand_over)
		reply_count_hand_over(t, v, &conversation);
	numbers_change_message(t, &conversation.org, &conversation.widget, v->place.seq,
	    v->has_message ? &v->message : NULL, &message);
	rc = conversation_add(t, &conversation, false, &arrival);
	if (rc == 0)
		rc = txn_put_record(t, TABLE_MESSAGES, &message_key, &message);
	if (rc == 0)
		rc = reply_note_paid(t, v, ending);
	if (rc == 0)
		rc = reply_close(t, &use);
	return rc != 0 ? rc : reply_add_change(t, v, reply_ended(ending->status));
}

int
reply_stop(struct txn *t, const struct turn_view *v)
{
	struct reply_ending ending = {.status = MESSAGE_STOPPED, .unknown = true};
	int rc = reply_collect(t, v);

	ending.text = buf_slice(&t->env->text);
	return rc != 0 ? rc : reply_end(t, v, &ending);
}

/* How a reply ends that lost its worker, and who follows its session. */
static int
reply_status_without_worker(
    struct txn *t, const struct id *conversation, enum message_status *status, struct id *room)
{
	struct key key = key_id(conversation);
	struct msg_conversation_record record;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &record);

	if (rc != 0)
		return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
	if (record.state == STATE_PERSON)
		*status = MESSAGE_STOPPED;
	*room = room_id_of_session(&record.org, &record.widget, record.session);
	return 0;
}

int
reply_interrupt(struct txn *t, const struct id *turn, const struct reply_interrupted *how,
    const struct reply_ending *known, struct reply_interruption *out)
{
	struct reply_ending ending = {.unknown = true};
	struct turn_view v;
	struct id room;
	int rc;

	if (known != NULL)
		ending = *known;
	ending.status = how->status;
	*out = (struct reply_interruption){0};
	rc = turn_view_load_named(t, turn, &v);
	if (rc != 0 || v.state != TURN_OPEN)
		return rc;
	rc = reply_status_without_worker(t, &v.place.conversation, &ending.status, &room);
	if (rc == 0)
		rc = reply_collect_pieces(t, turn);
	if (rc != 0)
		return rc;
	if (utf8_trim(buf_slice(&t->env->text)).len == 0)
		must(buf_append(&t->env->text, how->blank.p, how->blank.len) == 0);
	ending.text = buf_slice(&t->env->text);
	*out = (struct reply_interruption){true, v.place.conversation, room, ending.text.len};
	return reply_end(t, &v, &ending);
}
