// Tells the user that somebody waits for a person: with a notification of the browser and a sound, off until the user
// asks for it. Of all tabs, one does it: the holder of a lock. That one keeps the change feed while it is hidden.

import type { Conversation } from "../../../workerd/api/openapi/openapi";
import type { Desk } from "../api/desk";
import { conversationPath } from "../paths";
import { visitorName } from "../ui/visitor-name";
import { playChime } from "./chime";
import { t } from "./texts";

const CHOICE = "banter:bell";

export class Notifier {
	private readonly watchers = new Set<() => void>();
	private end: (() => void) | null = null;
	/** Those that were announced and still wait. */
	private readonly announced = new Set<string>();

	/** `route` shows a page. */
	constructor(
		private readonly desk: Pick<Desk, "api" | "feed">,
		private readonly route: (path: string) => void,
	) {
		// The choice is made for all tabs of the browser.
		window.addEventListener("storage", ({ key }) => {
			if (key === CHOICE) this.follow();
		});
		this.follow();
	}

	isOn(): boolean {
		try {
			return localStorage.getItem(CHOICE) === "on";
		} catch {
			return false;
		}
	}

	/** Call it on a click: the browser asks the user only then. Settles with whether notifications are allowed. */
	async turnOn(): Promise<boolean> {
		localStorage.setItem(CHOICE, "on");
		this.follow();
		playChime();
		if (!("Notification" in window)) return false;
		return (await Notification.requestPermission()) === "granted";
	}

	turnOff(): void {
		localStorage.removeItem(CHOICE);
		this.follow();
	}

	watch(changed: () => void): () => void {
		this.watchers.add(changed);
		return () => void this.watchers.delete(changed);
	}

	private follow(): void {
		if (this.isOn() && !this.end) this.begin();
		if (!this.isOn()) {
			this.end?.();
			this.end = null;
		}
		for (const watcher of this.watchers) watcher();
	}

	private begin(): void {
		const abort = new AbortController();
		this.end = () => abort.abort();
		const { signal } = abort;
		// Outside of HTTPS there are no locks; then each tab does it.
		if (!navigator.locks) this.serve(signal);
		else
			navigator.locks
				.request("banter:bell", { signal }, () => this.serve(signal))
				.catch(() => {
					// Turned off while another tab had the lock.
				});
	}

	/** Until it is turned off. */
	private serve(signal: AbortSignal): Promise<void> {
		const { feed } = this.desk;
		if (signal.aborted) return Promise.resolve();
		feed.keepWhenHidden(true);
		const unlisten = feed.listen(["conversation"], (change) => {
			if (change && /^(created|state)$/.test(change.change)) void this.look(change.id);
		});
		return new Promise((resolve) => {
			signal.addEventListener("abort", () => {
				unlisten();
				feed.keepWhenHidden(false);
				resolve();
			});
		});
	}

	private async look(id: string): Promise<void> {
		// Turned off by the notifier of a later sign-in.
		if (!this.isOn()) return this.follow();
		try {
			const { conversation } = await this.desk.api.get("/v1/admin/conversations/{conversationId}", {
				path: { conversationId: id },
				query: { latest: "true", limit: 1 },
			});
			if (conversation.state !== "waiting") this.announced.delete(id);
			else if (!this.announced.has(id)) this.announce(conversation);
		} catch {
			// Deleted meanwhile, or the server cannot be reached: the list shows it.
		}
	}

	private announce(conversation: Conversation): void {
		const { _id, lastMessage } = conversation;
		this.announced.add(_id);
		playChime();
		if (!("Notification" in window) || Notification.permission !== "granted") return;
		const note = new Notification(t("waits", { name: visitorName(conversation) }), {
			body: lastMessage.slice(0, 200),
			tag: _id,
		});
		note.onclick = () => {
			window.focus();
			this.route(conversationPath(_id));
			note.close();
		};
	}
}
