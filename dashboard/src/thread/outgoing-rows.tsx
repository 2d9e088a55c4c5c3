// The operator's messages that the server has not confirmed yet.

import type { ApiError } from "../api/errors";
import { t as common } from "../text/common";
import { describe } from "../text/describe";
import { Button } from "../ui/button";
import { Markdown } from "../ui/markdown";
import { MessageFiles } from "./message-files";
import type { Outgoing } from "./outbox";
import { t } from "./texts";

interface OutgoingRowsProps {
	readonly outgoing: readonly Outgoing[];
	readonly onRetry: () => void;
	/** Takes over from the colleague who has the conversation meanwhile. */
	readonly onSendAnyway: () => void;
	/** Puts the text back into the text field. */
	readonly onTakeBack: (one: Outgoing) => void;
}

const isTaken = ({ code }: ApiError) => code === "taken" || code === "not_taken_over";

/** The same message would be refused again, because of its files. */
const isOfFiles = ({ code }: ApiError) => code === "file_not_found" || code === "too_many_files";

function reasonOf(error: ApiError): string {
	if (isTaken(error)) return t("sendNotYours");
	if (error.status === 404) return t("gone");
	return describe(error);
}

export function OutgoingRows({ outgoing, onRetry, onSendAnyway, onTakeBack }: OutgoingRowsProps) {
	if (outgoing.length === 0) return null;
	return (
		<div class="group" data-who="operator">
			<div class="group-avatar" />
			<ol class="group-rows group-body">
				{outgoing.map((one) => (
					<li class="row-message" key={one.id} data-row={one.id} data-role="operator" data-outgoing>
						<div class="row-line">
							{one.content && (
								<div class="bubble">
									<Markdown text={one.content} isComplete />
								</div>
							)}
							{one.files?.[0] && <MessageFiles files={one.files} renew={() => {}} />}
						</div>
						{one.error ? (
							<div class="row-mark" data-status="failed" role="alert">
								<span>
									{t("notSent")} {reasonOf(one.error)}
								</span>
								{isTaken(one.error) && (
									<Button isSmall icon="send" onClick={onSendAnyway}>
										{t("sendTaking")}
									</Button>
								)}
								{!isTaken(one.error) && !(isOfFiles(one.error) && one.files?.[0]) && (
									<Button isSmall icon="refresh" onClick={onRetry}>
										{common("tryAgain")}
									</Button>
								)}
								<Button isSmall kind="quiet" onClick={() => onTakeBack(one)}>
									{common("edit")}
								</Button>
							</div>
						) : (
							<p class="row-mark">{t("sending")}</p>
						)}
					</li>
				))}
			</ol>
		</div>
	);
}
