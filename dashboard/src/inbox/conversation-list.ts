// The conversations of one view, loaded page by page and kept up to date: after a change, only the changed
// conversation is read again; after a gap in the change feed, what the reader sees. It polls only while the feed
// does not work.

import type {
	Change,
	Conversation,
	ConversationChange,
	Me,
} from "../../../workerd/api/openapi/openapi";
import type { Desk } from "../api/desk";
import { nextWait } from "../api/entry";
import { ApiError } from "../api/errors";
import type { ChangeKind } from "../api/feed";
import { browser, type Surroundings } from "../api/surroundings";
import { isHeldBy } from "../shell/mine";
import { reopen } from "../shell/resolving";
import { byActivity, byWait, Rows } from "./rows";
import { isIn, queryOf, type View } from "./views";

const FIRST_PAGE = 50;
const PAGE = 200;
const SETTLE_MS = 150;
/** Of more changed conversations than this, the newest are read as a page. */
const ONE_BY_ONE = 10;
/** After more changes than this, everything that is shown is read again. */
const MANY = 100;
const AT_A_TIME = 4;
/** Nobody works through more of those that wait. */
const WAITING_PAGES = 10;
const KINDS: readonly ChangeKind[] = ["conversation", "message", "reply", "contact", "user"];

/** Deleted by this page, perhaps not by the server yet: no list shows them. */
const deleted = new Set<string>();

export function noteDeleted(ids: readonly string[]): void {
	for (const id of ids) deleted.add(id);
}

/** They are still there. */
export function forgetDeleted(ids: readonly string[]): void {
	for (const id of ids) deleted.delete(id);
}

type Page = Awaited<ReturnType<ConversationList["page"]>>;
type Cursor = { readonly cursor?: string; readonly newer?: string };

/** The beginning of a page: from there, the list can be loaded again. */
interface Mark {
	readonly cursor: string;
	/** The last activity of the page's first row. */
	readonly at: number;
}

export class ConversationList {
	readonly rows: Rows;
	/** Counts the changes. */
	version = 0;
	isLoaded = false;
	/** Why the newest request failed; null: it succeeded. */
	error: ApiError | null = null;
	/** Why older rows could not be loaded. */
	olderError: ApiError | null = null;
	/** Conversations with new activity since the reader left the top. */
	readonly arrivals = new Set<string>();
	/** What the reader sees: the list's view sets these. */
	scrollTop = 0;
	firstVisible = 0;

	private readonly lookers = new Set<() => void>();
	private readonly dirty = new Set<string>();
	/** Changes of these are on the way: the server's state of before must not be shown. */
	private readonly changing = new Set<string>();
	private marks: Mark[] = [];
	private hasGap = true;
	private isCatchingUp = false;
	private isLoadingMore = false;
	/** Settles when the newest page has been loaded. */
	private loading: Promise<void> = Promise.resolve();
	/** Increases when all rows are replaced. */
	private generation = 0;
	private failures = 0;
	private cancelSettle: (() => void) | null = null;
	private cancelPoll = () => {};
	private readonly ends: ReadonlyArray<() => void>;

	/** `me`: null: not known yet. */
	constructor(
		private readonly desk: Pick<Desk, "api" | "feed">,
		private readonly view: View,
		private readonly me: () => Me | null,
		private readonly around: Surroundings = browser,
	) {
		this.rows = new Rows(view === "waiting" ? byWait : byActivity);
		this.ends = [
			desk.feed.listen(KINDS, (change) => this.hear(change)),
			desk.feed.watch(() => this.planPoll()),
			around.onChange(() => this.planPoll()),
		];
	}

	/** Hears of no further changes: the user has signed out. */
	end(): void {
		for (const end of this.ends) end();
		this.cancelSettle?.();
		this.cancelPoll();
	}

	/** While somebody looks. Returns the function that ends it. */
	look(changed: () => void): () => void {
		this.lookers.add(changed);
		this.catchUpSoon(0);
		return () => {
			this.lookers.delete(changed);
			this.cancelPoll();
		};
	}

	/** Reads again what is shown. */
	refresh(): Promise<void> {
		this.hasGap = true;
		return this.catchUp();
	}

	async loadOlder(): Promise<void> {
		const { older } = this.rows;
		if (older === null || this.isLoadingMore) return;
		this.loading = this.loadMore({ cursor: older }, (page) => {
			const first = page.conversations[0];
			if (first) this.marks.push({ cursor: older, at: first.updatedAt });
			this.rows.append(page);
		});
		await this.loading;
	}

	async loadNewer(): Promise<void> {
		const { newer } = this.rows;
		if (newer === null || this.isLoadingMore) return;
		this.loading = this.loadMore({ newer }, (page) => this.rows.prepend(page));
		await this.loading;
	}

	/** The newest rows in place of those around an older one. */
	async toNewest(): Promise<void> {
		this.arrivals.clear();
		this.firstVisible = 0;
		if (this.rows.newer !== null) await this.refresh();
		else this.changed();
	}

	/** Shows a change at once, and takes it back if the server refuses it: then it throws. */
	async change(row: Conversation, change: ConversationChange): Promise<void> {
		const { read, ...shown } = change;
		const before = this.rows.get(row._id) ?? row;
		this.changing.add(row._id);
		this.show({ ...before, ...shown, ...(read !== undefined && { unread: !read }) });
		try {
			const { conversation } = await this.desk.api.put("/v1/admin/conversations/{conversationId}", {
				path: { conversationId: row._id },
				body: change,
			});
			this.show(conversation);
		} catch (reason) {
			this.show(before);
			throw reason;
		} finally {
			this.changing.delete(row._id);
		}
	}

	/**
	 * Shows rows as they will be (null: gone) while `ask` asks the server for it, which settles with the ids that it has
	 * refused. Those are shown as before; if it throws, all are.
	 */
	async changeMany(
		rows: readonly Conversation[],
		as: (row: Conversation) => Conversation | null,
		ask: () => Promise<ReadonlySet<string>>,
	): Promise<ReadonlySet<string>> {
		const before = rows.map((row) => this.rows.get(row._id) ?? row);
		const ids = before.map(({ _id }) => _id);
		const restore = (isRefused: (id: string) => boolean) => {
			for (const row of before) if (isRefused(row._id)) this.place(row);
		};
		for (const row of before) {
			this.changing.add(row._id);
			const next = as(row);
			if (next) this.place(next);
			else this.rows.remove(row._id);
		}
		this.changed();
		try {
			const refused = await ask();
			restore((id) => refused.has(id));
			return refused;
		} catch (reason) {
			restore(() => true);
			throw reason;
		} finally {
			for (const id of ids) {
				this.changing.delete(id);
				if (!deleted.has(id)) this.dirty.add(id);
			}
			if (this.dirty.size > MANY) this.hasGap = true;
			this.changed();
			this.catchUpSoon(0);
		}
	}

	/** Loads older rows until there are so many, or all. */
	async loadUpTo(count: number): Promise<void> {
		for (;;) {
			// The view may load some already.
			await this.loading;
			if (this.rows.older === null || this.rows.all.length >= count) return;
			await this.loadOlder();
			if (this.olderError) return;
		}
	}

	/** Opens a resolved conversation as it was before. */
	async reopen(id: string): Promise<void> {
		await reopen(this.desk.api, id, this.me(), this.rows.get(id)?.assignedTo ?? null);
		this.show(await this.read(id));
	}

	async markAllRead(): Promise<void> {
		const unread = new Set(this.rows.all.filter((one) => one.unread).map(({ _id }) => _id));
		const mark = (isUnread: boolean) => {
			this.rows.map((row) => (unread.has(row._id) ? { ...row, unread: isUnread } : row));
			this.changed();
		};
		mark(false);
		try {
			await this.desk.api.post("/v1/admin/conversations/read", {});
		} catch (reason) {
			mark(true);
			throw reason;
		}
	}

	read(id: string): Promise<Conversation> {
		return this.desk.api
			.get("/v1/admin/conversations/{conversationId}", {
				path: { conversationId: id },
				query: { latest: "true", limit: 1 },
			})
			.then(({ conversation }) => conversation);
	}

	/** Those that wait, the longest wait first: all of them, because the server sorts by activity. */
	private async waiting() {
		const conversations: Conversation[] = [];
		let page = await this.page({}, PAGE);
		for (let pages = 1; ; pages++) {
			conversations.push(...page.conversations);
			if (page.nextCursor === null || pages === WAITING_PAGES) break;
			page = await this.page({ cursor: page.nextCursor }, PAGE);
		}
		conversations.sort(byWait);
		return { ...page, conversations, nextCursor: null, previousCursor: null };
	}

	/** Those that the user answers although they are assigned to somebody else. */
	private async held(): Promise<Conversation[]> {
		const query = { ...queryOf("person"), limit: PAGE };
		const { conversations } = await this.desk.api.get("/v1/admin/conversations", { query });
		return conversations.filter((row) => isHeldBy(this.me(), row));
	}

	private async page(cursor: Cursor, limit: number) {
		const page = await this.desk.api.get("/v1/admin/conversations", {
			query: { ...queryOf(this.view), ...cursor, limit },
		});
		return { ...page, conversations: page.conversations.filter(({ _id }) => !deleted.has(_id)) };
	}

	private async loadMore(cursor: Cursor, add: (page: Page) => void): Promise<void> {
		const { generation } = this;
		this.isLoadingMore = true;
		this.olderError = null;
		try {
			const page = await this.page(cursor, PAGE);
			if (generation === this.generation) add(page);
		} catch (reason) {
			if (generation === this.generation) this.olderError = ApiError.from(reason);
		} finally {
			this.isLoadingMore = false;
			this.changed();
		}
	}

	private changed(): void {
		this.version++;
		for (const looker of this.lookers) looker();
	}

	private place(row: Conversation): void {
		const before = this.rows.get(row._id);
		if (deleted.has(row._id) || !isIn(this.view, row, this.me())) this.rows.remove(row._id);
		else {
			if (!before || before.updatedAt < row.updatedAt) this.arrivals.add(row._id);
			this.rows.put(row);
		}
	}

	private show(row: Conversation): void {
		this.place(row);
		this.changed();
	}

	private forget(id: string): void {
		deleted.delete(id);
		this.rows.remove(id);
		this.arrivals.delete(id);
		this.changed();
	}

	private hear(change: Change | null): void {
		if (change === null) this.hasGap = true;
		else if (change.kind === "contact") this.hearContact(change.id);
		else if (change.kind === "user") this.hearUser(change);
		else if (change.kind === "conversation" && change.change === "deleted") this.forget(change.id);
		else this.dirty.add(change.conversationId ?? change.id);
		if (this.dirty.size > MANY) this.hasGap = true;
		if (this.hasGap) this.dirty.clear();
		this.catchUpSoon(SETTLE_MS);
	}

	private hearContact(id: string): void {
		for (const row of this.rows.all) if (row.contactId === id) this.dirty.add(row._id);
	}

	/** This user has marked everything as read, perhaps in another tab. */
	private hearUser({ id, change }: Change): void {
		if (change !== "read" || id !== this.me()?.user?.id) return;
		this.rows.map((row) => (row.unread ? { ...row, unread: false } : row));
		this.changed();
	}

	private catchUpSoon(ms: number): void {
		if (this.lookers.size === 0 || this.isCatchingUp || this.cancelSettle) return;
		if (!this.hasGap && this.dirty.size === 0) {
			this.planPoll();
			return;
		}
		this.cancelSettle = this.around.after(ms, () => void this.catchUp());
	}

	private async catchUp(): Promise<void> {
		this.cancelSettle?.();
		this.cancelSettle = null;
		if (this.isCatchingUp) return;
		this.isCatchingUp = true;
		try {
			while (this.hasGap || this.dirty.size > 0)
				await (this.hasGap ? this.reload() : this.readDirty());
			this.failures = 0;
			this.error = null;
		} catch (reason) {
			this.failures++;
			this.hasGap = true;
			this.error = ApiError.from(reason);
		} finally {
			this.isCatchingUp = false;
			this.changed();
			this.planPoll();
		}
	}

	private planPoll(): void {
		this.cancelPoll();
		const isNeeded = this.failures > 0 || !this.desk.feed.isLive();
		if (!isNeeded || this.lookers.size === 0 || !this.around.isVisible()) return;
		if (this.error?.isFinal) return;
		const wait = nextWait(this.failures, this.error?.retryAfterMs ?? null);
		this.cancelPoll = this.around.after(wait, () => void this.refresh());
	}

	private async readDirty(): Promise<void> {
		const ids = new Set(this.dirty);
		this.dirty.clear();
		if (ids.size > ONE_BY_ONE && this.rows.newer === null) {
			const { conversations } = await this.page({}, FIRST_PAGE);
			for (const row of conversations) if (ids.delete(row._id)) this.take(row);
		}
		const queue = [...ids];
		const work = async () => {
			for (let id = queue.pop(); id !== undefined; id = queue.pop()) await this.readOne(id);
		};
		await Promise.all(Array.from({ length: AT_A_TIME }, work));
		this.changed();
	}

	private take(row: Conversation): void {
		if (!this.changing.has(row._id)) this.place(row);
	}

	private async readOne(id: string): Promise<void> {
		try {
			this.take(await this.read(id));
		} catch (reason) {
			const error = ApiError.from(reason);
			if (error.status !== 404) throw error;
			this.rows.remove(id);
		}
	}

	/** Loads again what the reader sees: from the top, or from the beginning of the page that is shown. */
	private async reload(): Promise<void> {
		this.hasGap = false;
		this.dirty.clear();
		const first = this.rows.all[this.firstVisible];
		const isFar = this.firstVisible > PAGE && first !== undefined;
		const mark = isFar && this.marks.filter(({ at }) => at >= first.updatedAt).pop();
		const limit = this.firstVisible === 0 ? FIRST_PAGE : PAGE;
		const [page, held] = await Promise.all([
			this.view === "waiting"
				? this.waiting()
				: this.page(mark ? { cursor: mark.cursor } : {}, limit),
			this.view === "mine" ? this.held() : [],
		]);
		this.generation++;
		this.marks = mark ? [mark] : [];
		this.rows.replace(page);
		for (const row of held) this.rows.put(row);
		this.isLoaded = true;
		this.changed();
		if (!mark && this.firstVisible >= this.rows.all.length - FIRST_PAGE) await this.loadOlder();
	}
}
