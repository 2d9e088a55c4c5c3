// The mark of a reply that did not end normally. Complete replies and unknown statuses get none.

export interface ReplyMark {
	readonly tone: "calm" | "warn" | "bad";
	readonly text: string;
}

const MARKS: ReadonlyMap<string, ReplyMark> = new Map([
	["streaming", { tone: "calm", text: "Being written…" }],
	["stopped", { tone: "calm", text: "Stopped by the visitor" }],
	["length", { tone: "warn", text: "Cut: the reply reached the longest length" }],
	["interrupted", { tone: "warn", text: "Interrupted: the reply ended here" }],
	["error", { tone: "bad", text: "Failed: the model gave no complete reply" }],
]);

export function replyMark(status: string): ReplyMark | null {
	return MARKS.get(status) ?? null;
}
