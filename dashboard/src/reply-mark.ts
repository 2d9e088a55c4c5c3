// What is worth saying about how a reply ended. One that simply ended well, or
// whose status is new to this page, gets no mark.

export interface ReplyMark {
	readonly tone: "calm" | "warn" | "bad";
	readonly text: string;
}

const MARKS: ReadonlyMap<string, ReplyMark> = new Map([
	["streaming", { tone: "calm", text: "Being written…" }],
	["stopped", { tone: "calm", text: "Stopped by the visitor" }],
	["interrupted", { tone: "warn", text: "Interrupted: the reply broke off here" }],
	["error", { tone: "bad", text: "Failed: the model gave no complete reply" }],
]);

export function replyMark(status: string): ReplyMark | null {
	return MARKS.get(status) ?? null;
}
