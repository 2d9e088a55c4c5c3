import assert from "node:assert/strict";
import { test } from "node:test";
import { ChatFailure, type FailureKind, failureOfCode, isPassing } from "../src/app/net/failure";

const CODES: readonly [code: string, kind: FailureKind][] = [
	["interrupted", "interrupted"],
	["shutting_down", "interrupted"],
	["not_found", "lost"],
	["store_unavailable", "busy"],
	["store_full", "busy"],
	["model_busy", "busy"],
	["model_unavailable", "busy"],
	["too_many_waiting", "busy"],
	["conversation_deleted", "deleted"],
	["id_conflict", "conflict"],
	["budget_exceeded", "capped"],
	["budget_share", "capped"],
	["agent_disabled", "denied"],
	["origin_not_allowed", "denied"],
	["blocked", "blocked"],
	["file_not_found", "file_not_found"],
	["too_many_files", "too_many_files"],
	["model_failed", "broken"],
	["", "broken"],
	["constructor", "broken"],
];

for (const [code, kind] of CODES) {
	test(`an error event with the code "${code}" is "${kind}"`, () => {
		assert.equal(failureOfCode(code).kind, kind);
	});
}

const PASSING: readonly [kind: FailureKind, retryAfterMs: number | null, passes: boolean][] = [
	["unreachable", null, true],
	["cut_off", null, true],
	["interrupted", null, true],
	["lost", null, true],
	["busy", 2000, true],
	["busy", 91_000, false],
	["too_many", 60_000, true],
	["too_many", 91_000, true],
	["too_many", null, true],
	["denied", null, false],
	["capped", 60_000, false],
	["conflict", null, false],
	["deleted", null, false],
	["refused", null, false],
	["broken", null, false],
];

for (const [kind, retryAfterMs, passes] of PASSING) {
	test(`"${kind}" with Retry-After ${retryAfterMs} ${passes ? "passes" : "stays"}`, () => {
		assert.equal(isPassing(new ChatFailure(kind, retryAfterMs)), passes);
	});
}
