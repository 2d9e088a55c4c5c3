// One message or note.

import type { ComponentChildren } from "preact";
import { Component } from "preact";
import { ErrorBoundary, lazy } from "preact-iso";
import { splitLinks } from "../../../widget/src/markdown/links";
import type { MessageReceipt } from "../../../workerd/api/openapi/openapi";
import { Decisions } from "../actions";
import { ApiError } from "../api/errors";
import { words } from "../text/words";
import { IconButton } from "../ui/button";
import { Icon } from "../ui/icon";
import { Markdown } from "../ui/markdown";
import { TimeStamp } from "../ui/time-stamp";
import { citationsOf, hasNoAnswer, type Item } from "./item";
import { MessageFiles } from "./message-files";
import { t } from "./texts";

const ReplyDetails = lazy(async () => (await import("./reply-details")).ReplyDetails);

/** As it was written, with its addresses as links. */
export function PlainText({ text }: { readonly text: string }) {
	return (
		<div class="plain" dir="auto">
			{splitLinks(text).map((piece) =>
				typeof piece === "string" ? (
					piece
				) : (
					<a href={piece.href} target="_blank" rel="noreferrer nofollow ugc">
						{piece.label}
					</a>
				),
			)}
		</div>
	);
}

/** How a reply ended, unless it is complete. */
function endText({ status }: Item): string | null {
	if (status === "stopped") return t("endStopped");
	if (status === "interrupted") return t("endInterrupted");
	if (status === "length") return t("endLength");
	if (status === "filtered") return t("endFiltered");
	return null;
}

/** How far a message has come in another chat. */
function Ticks({ receipt: { state, at } }: { readonly receipt: MessageReceipt }) {
	if (state === "failed") return null;
	const text = t(`receipt_${state}`);
	return (
		<span class="row-ticks" data-state={state} title={`${text}, ${words.exact(at)}`}>
			<span class="unseen">{text}</span>
			<Icon name="check" />
			{state !== "sent" && <Icon name="check" />}
		</span>
	);
}

function FailedMark({ receipt: { state, reason } }: { readonly receipt: MessageReceipt }) {
	if (state !== "failed") return null;
	return (
		<p class="row-mark" data-status="failed">
			<Icon name="warning" />
			<span>
				{t("receipt_failed")}
				{reason && <q dir="auto">{reason}</q>}
				<br />
				{t("receiptHelp")}
			</span>
		</p>
	);
}

export interface RowActions {
	/** The id of the conversation. */
	readonly conversation: string;
	readonly copyLink: (id: string) => void;
	readonly reread: (id: string) => Promise<void>;
	/** A draft of an answer for the knowledge, from a reply and its question. */
	readonly makeAnswer: (id: string) => Promise<void>;
}

interface RowProps {
	readonly item: Item;
	readonly isTarget: boolean;
	readonly actions: RowActions;
}

interface RowState {
	readonly isOpen: boolean;
	/** Why the details could not be loaded. */
	readonly trouble: ApiError | null;
}

/** A thread has hundreds: only those that changed are rendered again. */
export class Row extends Component<RowProps, RowState> {
	override state: RowState = { isOpen: false, trouble: null };

	override shouldComponentUpdate(next: RowProps, state: RowState): boolean {
		return (
			next.item !== this.props.item ||
			next.isTarget !== this.props.isTarget ||
			state.isOpen !== this.state.isOpen ||
			state.trouble !== this.state.trouble
		);
	}

	toggle = () => {
		const { isOpen } = this.state;
		this.setState({ isOpen: !isOpen });
		if (!isOpen && this.props.item.model === undefined) void this.load();
	};

	load = async () => {
		const { item, actions } = this.props;
		this.setState({ trouble: null });
		try {
			await actions.reread(item.id);
		} catch (reason) {
			this.setState({ trouble: ApiError.from(reason) });
		}
	};

	override render(): ComponentChildren {
		const { item, isTarget, actions } = this.props;
		const { isOpen, trouble } = this.state;
		const isRunning = item.status === "running";
		const end = endText(item);
		return (
			<li
				class={isTarget ? "row-message row-target" : "row-message"}
				data-row={item.id}
				data-role={item.role}
				data-status={item.status}
				aria-current={isTarget ? "true" : undefined}
			>
				<div class="row-line">
					{(item.text !== "" || isRunning) && (
						<div class="bubble">
							{item.text === "" ? (
								<Dots text={t("isWriting", { name: t("assistant") })} />
							) : item.role === "user" ? (
								<PlainText text={item.text} />
							) : (
								<Markdown
									text={item.text}
									isComplete={!isRunning}
									citations={isRunning ? null : citationsOf(item)}
								/>
							)}
						</div>
					)}
					{item.files && (
						<MessageFiles files={item.files} renew={() => void actions.reread(item.id)} />
					)}
					{item.receipt && <Ticks receipt={item.receipt} />}
					<div class="row-tools">
						<TimeStamp at={item.at} text={words.clock(item.at)} />
						<IconButton
							name="link"
							label={t("copyLink")}
							onClick={() => actions.copyLink(item.id)}
						/>
						{item.role === "assistant" && !isRunning && (
							<IconButton
								name="info"
								label={t("details")}
								aria-expanded={isOpen}
								onClick={this.toggle}
							/>
						)}
						{item.role === "operator" && (
							<IconButton
								name="book"
								label={t("makeAnswer")}
								onClick={() => actions.makeAnswer(item.id)}
							/>
						)}
					</div>
				</div>
				{end && (
					<p class="row-mark" data-status={item.status}>
						<Icon name={item.status === "stopped" ? "stop" : "warning"} />
						{end}
					</p>
				)}
				{item.status === "waiting" && (
					<ErrorBoundary>
						<Decisions conversation={actions.conversation} message={item.id} />
					</ErrorBoundary>
				)}
				{item.receipt && <FailedMark receipt={item.receipt} />}
				{item.sources && hasNoAnswer(item.sources.outcome) && (
					<p class="row-mark">
						<Icon name="book" />
						{t(item.sources.outcome === "general" ? "markGeneral" : "markNoAnswer")}
					</p>
				)}
				{item.rating && (
					<p class="row-mark row-rating" data-rating={item.rating.rating}>
						<Icon name={item.rating.rating === "up" ? "thumbUp" : "thumbDown"} />
						<span>
							{item.rating.rating === "up" ? t("ratedUp") : t("ratedDown")}
							{item.rating.comment && <q dir="auto">{item.rating.comment}</q>}
						</span>
					</p>
				)}
				{isOpen && (
					<ErrorBoundary>
						<ReplyDetails
							item={item}
							conversation={actions.conversation}
							trouble={trouble}
							retry={this.load}
							makeAnswer={() => actions.makeAnswer(item.id)}
						/>
					</ErrorBoundary>
				)}
			</li>
		);
	}
}

/** Somebody writes. */
export function Dots({ text }: { readonly text: string }) {
	return (
		<span class="dots">
			<span class="unseen">{text}</span>
			<i aria-hidden="true" />
			<i aria-hidden="true" />
			<i aria-hidden="true" />
		</span>
	);
}
